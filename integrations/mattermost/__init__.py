"""Mattermost as the destination: posts, threads, cards and reactions, by bot or by webhook."""

from hub.destinations import Destination
from integrations.mattermost.administration import ADMINISTRATION
from integrations.mattermost.channels import find_channel, join_channel
from integrations.mattermost.connection import check_connection, is_up
from integrations.mattermost.conversations import CONVERSATIONS
from integrations.mattermost.listening import LISTENING
from integrations.mattermost.posts import edit, post, react

DESTINATION = Destination(
    name="mattermost",
    label="Mattermost",
    post=post,
    edit=edit,
    react=react,
    check_connection=check_connection,
    find_channel=find_channel,
    join_channel=join_channel,
    is_up=is_up,
    conversations=CONVERSATIONS,
    listening=LISTENING,
    administration=ADMINISTRATION,
)
