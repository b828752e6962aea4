# Mails. { $code } ist der Code in Dreiergruppen.

mail-sign-in-subject = Ihr Anmeldecode
mail-sign-in-use = Mit diesem Code melden Sie sich an:
mail-sign-in-advice = Falls Sie das nicht waren: Geben Sie diesen Code an niemanden weiter. Wer ihn angefordert hat, kennt Ihr Passwort; ändern Sie es deshalb.

mail-enable-two-step-subject = Bestätigung in zwei Schritten einschalten
mail-enable-two-step-use = Mit diesem Code schalten Sie die Bestätigung in zwei Schritten ein:
mail-enable-two-step-advice = Falls Sie das nicht waren: Jemand ist in Ihrem Konto angemeldet. Ändern Sie Ihr Passwort.

mail-disable-two-step-subject = Bestätigung in zwei Schritten ausschalten
mail-disable-two-step-use = Mit diesem Code schalten Sie die Bestätigung in zwei Schritten aus:
mail-disable-two-step-advice = Falls Sie das nicht waren: Geben Sie diesen Code an niemanden weiter. Jemand ist in Ihrem Konto angemeldet; ändern Sie deshalb Ihr Passwort.

mail-create-account-subject = Bestätigen Sie Ihre E-Mail-Adresse
mail-create-account-use = Mit diesem Code bestätigen Sie Ihre E-Mail-Adresse:
mail-create-account-advice = Falls Sie das nicht waren: Beachten Sie diese E-Mail nicht weiter. Ohne den Code wird kein Konto angelegt.

mail-expiry = Er ist gültig bis { $time }.

# { $device } ist der Name, den der Besitzer vergeben hat, { $model } der des Herstellers.
mail-asked-by = Angefordert auf { $device } ({ $model }), von { $ip }, am { $time }.
mail-asked-by-near = Angefordert auf { $device } ({ $model }), von { $ip }, in der Nähe von { $place }, am { $time }.
# { $platform } ist android, ios oder web.
mail-asked-from = Angefordert auf einem Gerät mit { $platform }, von { $ip }, am { $time }.
mail-happened = Das geschah am { $time }.

# { $clock } sind Stunden und Minuten.
time =
    { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }, { $clock } Uhr (UTC)
