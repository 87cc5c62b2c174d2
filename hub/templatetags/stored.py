"""`{{ row.reason|stored }}`: what is stored in English, in the reader's language."""

from django.template import Library

from hub.stored_sentences import translate_stored

register = Library()
register.filter("stored", translate_stored)
