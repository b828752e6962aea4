# How far a delivery came. { $state } is one of the texts below; { $number } counts the trusted devices from 1.

delivery-to-device = Trusted device { $number }: { $state }
delivery-to-mailbox = Mailbox: { $state }

delivery-shown = shown
delivery-not-shown = it could not show the code

delivery-connection-pending = looking for its connection
delivery-connection-accepted = sent over its connection, no answer yet
delivery-connection-failed = its connection broke
delivery-connection-cancelled = not sent over a connection

# { $provider } is Google, Apple or Web Push.
delivery-push-pending = being handed to { $provider }
delivery-push-accepted = handed to { $provider }, no answer yet
delivery-push-shown-meanwhile = handed to { $provider }
delivery-push-failed = { $provider } did not take the notification
delivery-push-cancelled = no notification needed

delivery-mail-pending = being handed to the mail server
delivery-mail-accepted = handed to the mail server
delivery-mail-failed = the mail server did not take the mail
delivery-mail-cancelled = no mail needed

delivery-notifications-off = notifications are turned off
delivery-no-push-token = not connected, and not registered for notifications
delivery-token-expired = its registration for notifications ran out
delivery-unreachable = it cannot be reached
