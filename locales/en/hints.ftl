# "Did not receive a code?"

hint-no-trusted-device-reachable = None of your trusted devices can be reached right now. Open the app on one of them: the code appears there.
hint-shown-on-trusted-device =
    { $devices ->
        [one] The code is on the screen of 1 trusted device.
       *[other] The code is on the screen of { $devices } trusted devices.
    }
hint-waiting-for-device = The code is on its way to your trusted devices. Unlock them and open the app.
hint-handed-to-provider = A notification was handed to Google or Apple { $seconds } s ago. If it does not come, look whether the device is online and may notify you.
hint-alerts-paused = Too many requests went unanswered, so your trusted devices are no longer alerted. Open the app on one of them to see the code.
hint-notifications-off = Notifications are turned off on a trusted device. Open the app there to see the code.
hint-push-token-expired = A trusted device can no longer be notified. Open the app there once to register it again.
# { $sender } is an email address.
hint-mail-accepted = The mail with the code was sent. Look into the spam folder too, and add { $sender } to your contacts or allow list.
hint-mail-pending = The mail with the code is being sent.
hint-mail-delayed = The mail with the code is held up on its way. It is tried again by itself, which may take some minutes.
hint-mail-refused = Your mail provider says there is no such mailbox. Check your address for a typo, or use a trusted device.
hint-mailbox-full = Your mailbox is full, so the mail with the code was turned away. Delete some mail and ask for a new code, or use a trusted device.
hint-mail-message-refused = Your mail provider turned the mail with the code away, perhaps as spam. Add the sender to your contacts and ask for a new code, or use a trusted device.
hint-mail-address-unsupported = Our mail server can’t deliver to addresses with letters like those in yours. Your mailbox is fine. Use a trusted device, or ask support for help.
hint-mail-failed = The mail with the code could not be sent, and your mailbox is not to blame. Use a trusted device, or try again later.
hint-email-offered = You can have the code sent to your email address instead.
hint-resend-possible = You can ask for a new code now.
hint-resend-later = You can ask for a new code in { $seconds } s.

hint-closed-verified = The code was accepted.
hint-closed-denied = It was denied on a trusted device.
hint-closed-expired = The code is too old. Sign in again to get a new one.
hint-closed-attempts-exhausted = Too many wrong codes. Sign in again to get a new one.
hint-closed-superseded = A newer sign-in from this device replaced this one.
hint-superseded-newer-request = You asked again on this device. Use the newest code.
hint-superseded-other-requests = Other devices have asked for codes since. Start again when you’re ready.
hint-superseded-password-changed = The password was changed, so this request ended. Sign in with the new one.
hint-superseded-frozen = Sign-ins from new devices are paused: someone reported a sign-in, or too many wrong codes were entered. Allow them again on a trusted device, then start over.
hint-superseded-account-deleted = The account was deleted.
hint-superseded-cancelled = You cancelled this request. Start again when you’re ready.
hint-superseded-address-confirmed = This address was confirmed in another window. Sign in there, or here with your password.

# Beside the places in the login activity.
location-note = Locations are approximate: they come from the network address, and a mobile carrier, a company network or a VPN can put it far from the device.
