# Security notices: the title is the subject of a mail and the title of a notification, the text is in both and is shown
# by connected devices.

notice-sign-in-denied-title = A sign-in to your account was denied
notice-sign-in-denied-body = A sign-in to your account was denied, and no new device can sign in until you allow it again on a trusted device. If it was not you who tried, somebody knows your password: change it now. A good password is long, is used nowhere else, and comes from a password manager or is made of several random words.

notice-sign-in-reported-title = A sign-in to your account was reported
notice-sign-in-reported-body = An entry of your login activity was reported as not yours. While two-step verification is on, no new device can sign in until you allow it again on a trusted device. If it was not you: change your password now, and remove devices that you do not know. A good password is long, is used nowhere else, and comes from a password manager or is made of several random words.

notice-sign-in-unfinished-title = Did you start signing in?
notice-sign-in-unfinished-body = Somebody entered your password on a new device, but did not finish signing in. If it was you, there is nothing to do. If not, somebody knows your password: change it now.

notice-too-many-wrong-codes-title = Too many wrong codes were typed
notice-too-many-wrong-codes-body = Too many wrong codes were typed for your account, so no new device can sign in until you allow it again on a trusted device. If it was not you, somebody knows your password: change it now.

notice-new-device-signed-in-title = A new device signed in to your account
notice-new-device-signed-in-body = A new device signed in to your account with a code. If it was not you: change your password now, which signs that device out, and remove it from your trusted devices.

notice-sign-ins-unfrozen-title = New devices can sign in again
notice-sign-ins-unfrozen-body = New devices can sign in to your account again. If it was not you who allowed it, change your password.

notice-two-step-enabled-title = Two-step verification is on
notice-two-step-enabled-body = Two-step verification was turned on for your account. A device that you do not trust yet now needs a code to sign in. If it was not you, change your password and look through your devices.

notice-two-step-disabled-title = Two-step verification was turned off
notice-two-step-disabled-body = Two-step verification was turned off for your account. If it was not you, change your password and turn it on again.

notice-mailbox-changed-title = The email address of your account was changed
notice-mailbox-changed-body = Codes and messages about your account now go to another email address. Codes that were under way were replaced. If it was not you, tell the people who run the app now, and look through your trusted devices.

notice-push-address-changed-title = One of your devices gets its notifications elsewhere
notice-push-address-changed-body = Notifications for one of your trusted devices, and the codes in them, now go to a new address. This happens when the app is reinstalled or its data is moved. Codes that were on their way were replaced. If this wasn’t you, remove that device and change your password.

notice-password-changed-title = Your password was changed
notice-password-changed-body = The password of your account was changed. If it was not you, ask for help now.

notice-token-reused-title = A session of yours was signed out
notice-token-reused-body = Someone used a copy of a sign-in from one of your devices, so we ended that session. If you didn’t restore the device from a backup, change your password now.

notice-device-removed-title = A trusted device was removed
notice-device-removed-body = A trusted device was removed from your account. If it was not you, change your password.

notice-device-evicted-title = A trusted device made room for a new one
notice-device-evicted-body = Your account had as many trusted devices as it may have, so the one that was unused the longest is no longer trusted. If you did not sign in on a new device, change your password.

notice-disabling-denied-title = Two-step verification stays on
notice-disabling-denied-body = Somebody tried to turn off two-step verification, and a trusted device denied it. The device that tried was signed out. If it was not you who tried, somebody knows your password: change it now.

notice-address-taken-title = You already have an account
notice-address-taken-body = Somebody tried to create an account with your address. You already have one; nothing was changed.
