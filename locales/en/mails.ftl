# Mails. { $code } is the code in groups of three digits.

mail-sign-in-subject = Your sign-in code
mail-sign-in-use = Use this code to sign in:
mail-sign-in-advice = If it was not you: do not share this code with anybody. Whoever asked for it knows your password, so change it.

mail-enable-two-step-subject = Turn on two-step verification
mail-enable-two-step-use = Use this code to turn on two-step verification:
mail-enable-two-step-advice = If it was not you: somebody is signed in to your account. Change your password.

mail-disable-two-step-subject = Turn off two-step verification
mail-disable-two-step-use = Use this code to turn off two-step verification:
mail-disable-two-step-advice = If it was not you: do not share this code with anybody. Somebody is signed in to your account, so change your password.

mail-create-account-subject = Confirm your email address
mail-create-account-use = Use this code to confirm your email address:
mail-create-account-advice = If it was not you: ignore this mail. No account is made without the code.

mail-expiry = It is good until { $time }.

# { $device } is what its owner calls it, { $model } what its maker calls it.
mail-asked-by = It was asked for on { $device } ({ $model }), from { $ip }, at { $time }.
mail-asked-by-near = It was asked for on { $device } ({ $model }), from { $ip }, near { $place }, at { $time }.
# { $platform } is android, ios or web.
mail-asked-from = It was asked for on a device with { $platform }, from { $ip }, at { $time }.
mail-happened = It happened at { $time }.

# { $clock } is hours and minutes.
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
    } { $year }, { $clock } UTC
