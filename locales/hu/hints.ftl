# „Nem kapott kódot?”

hint-no-trusted-device-reachable = Jelenleg egyik megbízható eszközét sem érjük el. Nyissa meg az alkalmazást az egyiken, és ott megjelenik a kód.
hint-shown-on-trusted-device =
    { $devices ->
        [one] A kód 1 megbízható eszköz képernyőjén látható.
       *[other] A kód { $devices } megbízható eszköz képernyőjén látható.
    }
hint-waiting-for-device = A kód úton van a megbízható eszközeire. Oldja fel őket, és nyissa meg az alkalmazást.
hint-handed-to-provider = Az értesítést { $seconds } másodperce átadtuk a Google-nak vagy az Apple-nek. Ha nem érkezik meg, ellenőrizze, hogy az eszköz online van-e, és engedélyezi-e az értesítéseket.
hint-alerts-paused = Túl sok kérés maradt válasz nélkül, ezért a megbízható eszközei már nem jeleznek. Nyissa meg az alkalmazást az egyiken, hogy lássa a kódot.
hint-notifications-off = Egy megbízható eszközön ki vannak kapcsolva az értesítések. Nyissa meg ott az alkalmazást, hogy lássa a kódot.
hint-push-token-expired = Az egyik megbízható eszköze már nem kap értesítéseket. Nyissa meg ott egyszer az alkalmazást, és újra kapni fog.
# { $sender } egy e-mail-cím.
hint-mail-accepted = A kódot tartalmazó levelet elküldtük. Nézze meg a levélszemét mappát is, és vegye fel a névjegyei vagy az engedélyezett feladók közé ezt a címet: { $sender }.
hint-mail-pending = A kódot tartalmazó levél küldése folyamatban van.
hint-mail-delayed = A kódot tartalmazó levél útközben elakadt. Tovább próbálkozunk, ez néhány percig is eltarthat.
hint-mail-refused = A levelezőszolgáltatója szerint nincs ilyen postafiók. Ellenőrizze, nincs-e elírás a címében, vagy használjon megbízható eszközt.
hint-mailbox-full = A postafiókja megtelt, ezért a kódot tartalmazó levél nem érkezett meg. Töröljön néhány levelet, és kérjen új kódot, vagy használjon megbízható eszközt.
hint-mail-message-refused = A levelezőszolgáltatója nem fogadta el a kódot tartalmazó levelet, talán levélszemétnek vélte. Vegye fel a feladót a névjegyei közé, és kérjen új kódot, vagy használjon megbízható eszközt.
hint-mail-address-unsupported = A levelezőkiszolgálónk nem tud olyan betűket tartalmazó címre kézbesíteni, mint az Öné. A postafiókjával nincs baj. Használjon megbízható eszközt, vagy forduljon az ügyfélszolgálathoz.
hint-mail-failed = A kódot tartalmazó levelet nem sikerült elküldeni, de ennek nem az Ön postafiókja az oka. Használjon megbízható eszközt, vagy próbálja meg később.
hint-email-offered = A kódot az e-mail-címére is kérheti.
hint-resend-possible = Most kérhet új kódot.
hint-resend-later = { $seconds } másodperc múlva kérhet új kódot.

hint-closed-verified = A kódot elfogadtuk.
hint-closed-denied = Egy megbízható eszközön azt válaszolták, hogy nem Ön volt.
hint-closed-expired = A kód lejárt. Jelentkezzen be újra, hogy újat kapjon.
hint-closed-attempts-exhausted = Túl sok hibás kód. Jelentkezzen be újra, hogy újat kapjon.
hint-closed-superseded = Erről az eszközről egy újabb bejelentkezés lépett ennek a helyébe.
hint-superseded-newer-request = Ezen az eszközön újra kódot kért. A legújabb kódot használja.
hint-superseded-other-requests = Időközben más eszközök is kódot kértek. Kezdje újra, amikor Önnek megfelel.
hint-superseded-password-changed = A jelszót megváltoztatták, ezért ez a kérés véget ért. Jelentkezzen be az új jelszóval.
hint-superseded-frozen = Az új eszközök bejelentkezése szünetel: valaki bejelentett egy bejelentkezést, vagy túl sok hibás kódot írtak be. Engedélyezze újra egy megbízható eszközön, majd kezdje elölről.
hint-superseded-account-deleted = A fiókot törölték.
hint-superseded-cancelled = Ezt a kérést visszavonta. Kezdje újra, amikor Önnek megfelel.
hint-superseded-recovery-ended = Az eszköz nélküli bejelentkezés kérését időközben visszavonták vagy felhasználták. Jelentkezzen be újra.
hint-superseded-address-confirmed = Ezt a címet egy másik ablakban már megerősítették. Jelentkezzen be ott, vagy itt a jelszavával.

# A bejelentkezési előzmények helyei mellett.
location-note = A helyek hozzávetőlegesek: a hálózati címből adódnak, amely mobilszolgáltató, céges hálózat vagy VPN miatt távol eshet az eszköztől.
