# Security notices: the title is the subject of a mail and the title of a notification, the text is in both and is shown
# by connected devices.

notice-sign-in-denied-title = A sign-in to your account was denied
notice-sign-in-denied-body = Someone with your password tried to sign in, and a trusted device answered that it wasn’t you. We’ve paused sign-ins from new devices until you allow them again on a trusted device. If you didn’t try this yourself, someone knows your password: change it now. Choose a password that’s long and that you don’t use anywhere else; a password manager can make and remember it.

notice-sign-in-reported-title = A sign-in to your account was reported
notice-sign-in-reported-body = An entry in your login activity was reported as not yours. While two-step verification is on, sign-ins from new devices are paused until you allow them again on a trusted device. If this wasn’t you, change your password now and remove devices you don’t know. Choose a password that’s long and that you don’t use anywhere else; a password manager can make and remember it.

notice-sign-in-unfinished-title = Did you start signing in?
notice-sign-in-unfinished-body = Someone entered your password on a new device but didn’t finish signing in. If it was you, there’s nothing to do. If not, someone knows your password: change it now.

notice-too-many-wrong-codes-title = Too many wrong codes were typed
notice-too-many-wrong-codes-body = Too many wrong codes were entered for your account, so we’ve paused sign-ins from new devices until you allow them again on a trusted device. If it wasn’t you, someone knows your password: change it now.

notice-new-device-signed-in-title = A new device signed in to your account
notice-new-device-signed-in-body = A new device signed in to your account with a code. If this wasn’t you, change your password now, which signs that device out, and remove it from your trusted devices.

notice-sign-ins-unfrozen-title = New devices can sign in again
notice-sign-ins-unfrozen-body = New devices can sign in to your account again. If you didn’t allow this, change your password.

notice-two-step-enabled-title = Two-step verification is on
notice-two-step-enabled-body = Two-step verification is now on for your account: on a new device, you’ll also need a code from a device you trust. If this wasn’t you, change your password and check your devices.

notice-two-step-disabled-title = Two-step verification was turned off
notice-two-step-disabled-body = Two-step verification is off, so your password alone now opens your account. If this wasn’t you, change your password and turn it on again.

notice-mailbox-changed-title = The email address of your account was changed
notice-mailbox-changed-body = Codes and messages about your account now go to a different email address, and codes that were still open were replaced. If this wasn’t you, contact support now and check your trusted devices.

notice-push-address-changed-title = One of your devices gets its notifications elsewhere
notice-push-address-changed-body = Notifications for one of your trusted devices, and the codes in them, now go to a new address. This happens when the app is reinstalled or its data is moved. Codes that were on their way were replaced. If this wasn’t you, remove that device and change your password.

notice-password-changed-title = Your password was changed
notice-password-changed-body = The password of your account was changed. If this wasn’t you, contact support now.

notice-password-reset-asked-title = Choose a new password
notice-password-reset-asked-body = Someone asked for a new password for your account. If it was you, choose one with the button below: the link works once, for 30 minutes. Signing in on a new device still needs a code, and every session ends. If it wasn’t you, ignore this email: nothing changes.

notice-password-reset-asked-frozen-title = Choose a new password
notice-password-reset-asked-frozen-body = Someone asked for a new password for your account. If it was you, choose one with the button below: the link works once, for 30 minutes. No new device can sign in at the moment, because someone answered “This wasn’t me” or typed too many wrong codes. A new password chosen here doesn’t change that: allow new sign-ins again on a trusted device, or contact support. If it wasn’t you, ignore this email: nothing changes.

notice-password-reset-title = Your password was reset
notice-password-reset-body = A new password was chosen with a link from an email to this address, and every session was signed out. If this wasn’t you, someone can read your email: secure your mailbox, then choose another password.

notice-recovery-codes-made-title = New recovery codes were made
notice-recovery-codes-made-body = New recovery codes were made for your account. Earlier ones no longer work. If this wasn’t you, change your password and make new codes.

notice-recovery-code-used-title = A recovery code was used
notice-recovery-code-used-body = Someone signed in to your account or changed it with one of your recovery codes. That code no longer works. If this wasn’t you, remove the new device, change your password and make new codes.

notice-recovery-codes-low-title = A recovery code was used, and few are left
notice-recovery-codes-low-body = Someone signed in to your account or changed it with one of your recovery codes. Two or fewer are left: make new ones on a trusted device. If this wasn’t you, remove the new device, change your password and make new codes.

notice-authenticator-added-title = An authenticator app was added
notice-authenticator-added-body = An authenticator app can now make codes for your account, even without a network. If this wasn’t you, remove it under Login Security and change your password.

notice-authenticator-removed-title = The authenticator app was removed
notice-authenticator-removed-body = Codes from your authenticator app no longer work. If this wasn’t you, change your password and check your trusted devices.

notice-recovery-asked-title = Someone asked to sign in without your devices
notice-recovery-asked-body = Someone who knows your password says that they have no trusted device and no recovery code left. After a waiting period, a code sent to this mailbox will be enough for them to sign in. If it was you, there is nothing to do but wait. If it wasn’t, open Login Security wherever you are signed in, cancel the request, and change your password.

notice-recovery-pending-title = Someone is still waiting to sign in without your devices
notice-recovery-pending-body = The request to sign in to your account without a trusted device is still open. When the waiting period ends, a code sent to this mailbox will be enough. If it wasn’t you, open Login Security wherever you are signed in, cancel the request, and change your password.

notice-recovery-ready-title = A code by email is now enough to sign in
notice-recovery-ready-body = The waiting period of the request to sign in without a trusted device is over. For seven days, and only once, your password and a code sent to this mailbox are enough to sign in. If you asked for it, sign in now and choose to get the code by email. If it wasn’t you, open Login Security wherever you are signed in, cancel the request, and change your password.

notice-recovery-cancelled-title = The request to sign in without your devices was cancelled
notice-recovery-cancelled-body = The request to sign in to your account without a trusted device was cancelled from a session of the account. Whoever asked knows your password: if it wasn’t you, change it.

notice-recovery-used-title = Someone signed in without your devices
notice-recovery-used-body = After the waiting period, someone signed in to your account with your password and a code sent to this mailbox. If this wasn’t you, remove the new device under Login Security, change your password and secure your mailbox.

notice-email-changed-title = The email address of your account was changed
notice-email-changed-body = Your account now uses a different email address. If it was you, there is nothing to do. If it wasn’t, undo the change with the button below within 72 hours: this address is used again, and no new device can sign in until you allow it. Then change your password.

notice-email-change-undone-title = The change of your email address was undone
notice-email-change-undone-body = Someone who reads the earlier address of your account undid its change. That address is used again, and no new device can sign in. If the change was yours, allow new sign-ins again on a trusted device. If it wasn’t, change your password.

notice-token-reused-title = A session of yours was signed out
notice-token-reused-body = Someone used a copy of a sign-in from one of your devices, so we ended that session. If you didn’t restore the device from a backup, change your password now.

notice-device-removed-title = A trusted device was removed
notice-device-removed-body = A trusted device was removed from your account. If this wasn’t you, change your password.

notice-device-evicted-title = A trusted device made room for a new one
notice-device-evicted-body = Your account reached its limit of trusted devices, so the one you hadn’t used for the longest time is no longer trusted. If you didn’t sign in on a new device, change your password.

notice-disabling-denied-title = Two-step verification stays on
notice-disabling-denied-body = Someone tried to turn off two-step verification, and a trusted device answered that it wasn’t you. The device that tried was signed out. If you didn’t try this yourself, someone knows your password: change it now.

notice-address-taken-title = You already have an account
notice-address-taken-body = Someone tried to create an account with your email address. You already have one, and nothing was changed.
