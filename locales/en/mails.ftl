# Mails that bring a code, and what all mails share. Mails about what happened are in notices.ftl.
# Mails. { $service } is what the service is called.

mail-sign-in-subject = Your sign-in code for { $service }
mail-sign-in-use = Enter this code to sign in to { $service }:
mail-sign-in-advice = If this wasn’t you, don’t share the code with anyone. Whoever asked for it knows your password, so change it now.

mail-enable-two-step-subject = Turn on two-step verification for { $service }
mail-enable-two-step-use = Enter this code to turn on two-step verification:
mail-enable-two-step-advice = If this wasn’t you, someone is signed in to your account. Change your password now.

mail-disable-two-step-subject = Turn off two-step verification for { $service }
mail-disable-two-step-use = Enter this code to turn off two-step verification:
mail-disable-two-step-advice = If this wasn’t you, don’t share the code with anyone. Someone is signed in to your account, so change your password now.

mail-create-account-subject = Confirm your email address for { $service }
mail-create-account-use = Enter this code to confirm your email address and finish creating your account:
mail-create-account-advice = If this wasn’t you, you can ignore this email. No account is created without the code.

mail-change-email-subject = Confirm your new email address for { $service }
mail-change-email-use = Enter this code to use this email address for your account:
mail-change-email-advice = If this wasn’t you, you can ignore this email. Nothing changes without the code.

mail-subject-again = { $subject } (no. { $number })
mail-expires-minutes = Expires in { $minutes } minutes ({ $clock }).
mail-expires-hours = Expires in { $hours } hours ({ $time }).
mail-clock-own = { $clock } your time
mail-sent = Sent { $time }.
mail-sent-again = Code no. { $number }, sent { $time }. It replaces the earlier code.

mail-fact-device = Device
mail-fact-place = Place
mail-fact-address = IP address
mail-fact-time = Time
# Behind a place: it is guessed from an IP address.
mail-place-near = { $place } (approximate)
# { $platform } is android, ios, web or other.
mail-platform =
    { $platform ->
        [android] An Android device
        [ios] An iPhone or iPad
        [web] A browser
       *[other] A device
    }
mail-button-not-me = This wasn’t me
mail-button-review = Review your account
mail-button-new-password = Choose a new password
mail-button-undo-address = Undo the change
mail-never-share = { $service } will never ask you for this code by phone or message.
mail-why = You’re getting this email because of your account with { $service }.
mail-why-address = You’re getting this email because someone entered your address at { $service }.
mail-help = Need help? { $support }

# { $clock } is hours and minutes, { $zone } the short name of the time zone, such as CET.
time =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }, { $clock } { $zone }
