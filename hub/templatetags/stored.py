"""`{{ row.reason|stored }}`: what is stored in English, in the reader's language."""

from django import template

from hub.stored_sentences import translate_stored

register = template.Library()
register.filter("stored", translate_stored)
