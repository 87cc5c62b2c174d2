"""GitHub, GitLab, Gitea and Forgejo as senders of webhooks; they offer no API to the hub."""
