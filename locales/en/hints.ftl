# "Did not receive a code?"

hint-no-trusted-device-reachable = We can’t reach any of your trusted devices right now. Open the app on one of them, and the code will appear there.
hint-shown-on-trusted-device =
    { $devices ->
        [one] The code is on the screen of 1 trusted device.
       *[other] The code is on the screen of { $devices } trusted devices.
    }
hint-waiting-for-device = The code is on its way to your trusted devices. Unlock them and open the app.
hint-handed-to-provider = We handed a notification to Google or Apple { $seconds } s ago. If it doesn’t arrive, check that your device is online and allows notifications.
hint-alerts-paused = Too many requests went unanswered, so we’ve stopped alerting your trusted devices. Open the app on one of them to see the code.
hint-notifications-off = Notifications are turned off on a trusted device. Open the app there to see the code.
hint-push-token-expired = One of your trusted devices can’t be notified any more. Open the app there once to fix this.
# { $sender } is an email address.
hint-mail-accepted = We sent the mail with the code. Check your spam folder too, and add { $sender } to your contacts.
hint-mail-pending = We’re sending the mail with the code.
hint-mail-delayed = The mail with the code is held up on its way. We’ll keep trying, which can take a few minutes.
hint-mail-refused = Your mail provider says there is no such mailbox. Check your address for a typo, or use a trusted device.
hint-mailbox-full = Your mailbox is full, so the mail with the code was turned away. Delete some mail and ask for a new code, or use a trusted device.
hint-mail-message-refused = Your mail provider turned the mail with the code away, perhaps as spam. Add the sender to your contacts and ask for a new code, or use a trusted device.
hint-mail-address-unsupported = Our mail server can’t deliver to addresses with letters like those in yours. Your mailbox is fine. Use a trusted device, or ask support for help.
hint-mail-failed = We couldn’t send the mail with the code, and your mailbox isn’t to blame. Use a trusted device, or try again later.
hint-email-offered = We can send the code to your email address instead.
hint-resend-possible = You can get a new code now.
hint-resend-later = You can get a new code in { $seconds } s.

hint-closed-verified = The code was accepted.
hint-closed-denied = Someone said on a trusted device that this wasn’t you.
hint-closed-expired = The code has expired. Sign in again to get a new one.
hint-closed-attempts-exhausted = Too many wrong codes. Sign in again to get a new one.
hint-closed-superseded = A newer sign-in from this device took its place.
hint-superseded-newer-request = You asked again on this device. Use the newest code.
hint-superseded-other-requests = Other devices have asked for codes since. Start again when you’re ready.
hint-superseded-password-changed = The password was changed, so this request ended. Sign in with the new one.
hint-superseded-frozen = Sign-ins from new devices are paused: someone reported a sign-in, or too many wrong codes were entered. Allow them again on a trusted device, then start over.
hint-superseded-account-deleted = The account was deleted.
hint-superseded-cancelled = You cancelled this request. Start again when you’re ready.
hint-superseded-recovery-ended = The request to sign in without a device was cancelled or used since. Sign in again.
hint-superseded-address-confirmed = This address was confirmed in another window. Sign in there, or here with your password.

# Beside the places in the login activity.
location-note = Locations are approximate: they come from the network address, and a mobile carrier, a company network or a VPN can put it far from the device.
