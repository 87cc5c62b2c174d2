"""The page at /: channels and posts for somebody who has no Mattermost at hand."""
