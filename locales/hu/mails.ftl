# Levelek. { $code } a kód, hármasával tagolva.

mail-sign-in-subject = Bejelentkezési kód
mail-sign-in-use = Ezzel a kóddal tud bejelentkezni:
mail-sign-in-advice = Ha nem Ön próbált bejelentkezni: senkinek ne adja meg ezt a kódot. Aki kérte, ismeri a jelszavát, ezért változtassa meg.

mail-enable-two-step-subject = A kétlépcsős azonosítás bekapcsolása
mail-enable-two-step-use = Ezzel a kóddal tudja bekapcsolni a kétlépcsős azonosítást:
mail-enable-two-step-advice = Ha nem Ön kérte: valaki be van jelentkezve a fiókjába. Változtassa meg a jelszavát.

mail-disable-two-step-subject = A kétlépcsős azonosítás kikapcsolása
mail-disable-two-step-use = Ezzel a kóddal tudja kikapcsolni a kétlépcsős azonosítást:
mail-disable-two-step-advice = Ha nem Ön kérte: senkinek ne adja meg ezt a kódot. Valaki be van jelentkezve a fiókjába, ezért változtassa meg a jelszavát.

mail-create-account-subject = Erősítse meg az e-mail-címét
mail-create-account-use = Ezzel a kóddal tudja megerősíteni az e-mail-címét:
mail-create-account-advice = Ha nem Ön kérte, hagyja figyelmen kívül ezt a levelet. A kód nélkül nem jön létre fiók.

mail-expiry = Eddig érvényes: { $time }.

# { $device } a tulajdonos által adott név, { $model } a gyártó által adott.
mail-asked-by = A kérés innen érkezett: { $device } ({ $model }), IP-cím: { $ip }, időpont: { $time }.
mail-asked-by-near = A kérés innen érkezett: { $device } ({ $model }), IP-cím: { $ip }, hely (hozzávetőleg): { $place }, időpont: { $time }.
# { $platform }: android, ios vagy web.
mail-asked-from = A kérés egy eszközről érkezett ({ $platform }), IP-cím: { $ip }, időpont: { $time }.
mail-happened = Időpont: { $time }.

# { $clock }: óra és perc.
time =
    { $year }. { $month ->
        [1] január
        [2] február
        [3] március
        [4] április
        [5] május
        [6] június
        [7] július
        [8] augusztus
        [9] szeptember
        [10] október
        [11] november
       *[12] december
    } { $day }., { $clock } (UTC)
