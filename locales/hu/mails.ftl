# Kódot hozó levelek, és ami minden levélben közös. Az eseményekről szóló levelek a notices.ftl fájlban vannak.
# Levelek. { $service } a szolgáltatás neve.

mail-sign-in-subject = Bejelentkezési kód: { $service }
mail-sign-in-use = Írja be ezt a kódot a bejelentkezéshez ({ $service }):
mail-sign-in-advice = Ha nem Ön volt, senkinek ne adja meg a kódot. Aki kérte, ismeri a jelszavát, ezért változtassa meg most.

mail-enable-two-step-subject = A kétlépcsős azonosítás bekapcsolása: { $service }
mail-enable-two-step-use = Írja be ezt a kódot a kétlépcsős azonosítás bekapcsolásához:
mail-enable-two-step-advice = Ha nem Ön volt, valaki más van bejelentkezve a fiókjába. Változtassa meg most a jelszavát.

mail-disable-two-step-subject = A kétlépcsős azonosítás kikapcsolása: { $service }
mail-disable-two-step-use = Írja be ezt a kódot a kétlépcsős azonosítás kikapcsolásához:
mail-disable-two-step-advice = Ha nem Ön volt, senkinek ne adja meg a kódot. Valaki más van bejelentkezve a fiókjába, ezért változtassa meg most a jelszavát.

mail-create-account-subject = Erősítse meg az e-mail-címét: { $service }
mail-create-account-use = Írja be ezt a kódot, ezzel megerősíti az e-mail-címét, és elkészül a fiókja:
mail-create-account-advice = Ha nem Ön volt, hagyja figyelmen kívül ezt a levelet. A kód nélkül nem jön létre fiók.

mail-change-email-subject = Erősítse meg új e-mail-címét ({ $service })
mail-change-email-use = Írja be ezt a kódot, hogy fiókja ezt az e-mail-címet használja:
mail-change-email-advice = Ha nem Ön volt, hagyja figyelmen kívül ezt a levelet. A kód nélkül semmi sem változik.

mail-subject-again = { $subject } ({ $number }. kód)
mail-expires-minutes = { $minutes } perc múlva lejár ({ $clock }).
mail-expires-hours = { $hours } óra múlva lejár ({ $time }).
mail-clock-own = az Ön órája szerint { $clock }
mail-sent = Elküldve: { $time }.
mail-sent-again = { $number }. kód, elküldve: { $time }. Ez váltja fel a korábbi kódot.

mail-fact-device = Eszköz
mail-fact-place = Hely
mail-fact-address = IP-cím
mail-fact-time = Időpont
# Hely mögött: IP-cím alapján becsült.
mail-place-near = { $place } (hozzávetőleg)
# { $platform }: android, ios, web vagy other.
mail-platform =
    { $platform ->
        [android] Androidos eszköz
        [ios] iPhone vagy iPad
        [web] Böngésző
       *[other] Egyéb eszköz
    }
mail-button-not-me = Nem én voltam
mail-button-review = Fiók áttekintése
mail-button-new-password = Új jelszó választása
mail-button-undo-address = Módosítás visszavonása
mail-never-share = A(z) { $service } soha nem kéri Öntől ezt a kódot telefonon vagy üzenetben.
mail-why = Ezt a levelet a(z) { $service } fiókja miatt kapta.
mail-why-address = Azért kapta ezt a levelet, mert valaki megadta az Ön címét itt: { $service }.
mail-help = Segítségre van szüksége? { $support }

# { $clock }: óra és perc, { $zone }: az időzóna rövid neve.
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
    } { $day }., { $clock } ({ $zone })
