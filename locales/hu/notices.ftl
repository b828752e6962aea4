# Biztonsági értesítések: a cím a levél tárgya és az értesítés címe, a szöveg mindkettőben benne van, és a kapcsolódó
# eszközök is ezt mutatják.

notice-sign-in-denied-title = Elutasítottak egy bejelentkezést a fiókjába
notice-sign-in-denied-body = Valaki a jelszavával próbált bejelentkezni, és egy megbízható eszközén azt válaszolták, hogy nem Ön volt. Az új eszközök bejelentkezése szünetel, amíg egy megbízható eszközén újra nem engedélyezi. Ha nem Ön próbálkozott, valaki ismeri a jelszavát: változtassa meg most. Válasszon hosszú jelszót, amelyet sehol máshol nem használ; egy jelszókezelő létre tud hozni és meg is jegyez ilyet.

notice-sign-in-reported-title = Gyanúsnak jelöltek egy bejelentkezést a fiókjába
notice-sign-in-reported-body = A bejelentkezési előzmények egyik bejegyzéséről azt jelezték, hogy nem Öntől származik. Amíg a kétlépcsős azonosítás be van kapcsolva, az új eszközök bejelentkezése szünetel, amíg egy megbízható eszközén újra nem engedélyezi. Ha nem Ön volt, változtassa meg most a jelszavát, és távolítsa el az ismeretlen eszközöket. Válasszon hosszú jelszót, amelyet sehol máshol nem használ; egy jelszókezelő létre tud hozni és meg is jegyez ilyet.

notice-sign-in-unfinished-title = Ön kezdett bejelentkezni?
notice-sign-in-unfinished-body = Egy új eszközön megadták a jelszavát, de a bejelentkezést nem fejezték be. Ha Ön volt, nincs teendője. Ha nem, valaki ismeri a jelszavát: változtassa meg most.

notice-too-many-wrong-codes-title = Túl sok hibás kódot adtak meg
notice-too-many-wrong-codes-body = Túl sok hibás kódot írtak be a fiókjához, ezért az új eszközök bejelentkezése szünetel, amíg egy megbízható eszközén újra nem engedélyezi. Ha nem Ön volt, valaki ismeri a jelszavát: változtassa meg most.

notice-new-device-signed-in-title = Új eszköz jelentkezett be a fiókjába
notice-new-device-signed-in-body = Egy új eszköz kóddal jelentkezett be a fiókjába. Ha nem Ön volt, változtassa meg most a jelszavát (ez az új eszközt ki is jelentkezteti), és távolítsa el az eszközt a megbízhatók közül.

notice-sign-ins-unfrozen-title = Új eszközök újra bejelentkezhetnek
notice-sign-ins-unfrozen-body = Új eszközök újra bejelentkezhetnek a fiókjába. Ha nem Ön engedélyezte, változtassa meg a jelszavát.

notice-two-step-enabled-title = Bekapcsolták a kétlépcsős azonosítást
notice-two-step-enabled-body = A fiókjában mostantól be van kapcsolva a kétlépcsős azonosítás: új eszközön egy megbízható eszközéről származó kódra is szükség lesz. Ha nem Ön volt, változtassa meg a jelszavát, és nézze át az eszközeit.

notice-two-step-disabled-title = A kétlépcsős azonosítást kikapcsolták
notice-two-step-disabled-body = A kétlépcsős azonosítás ki van kapcsolva, így a jelszava önmagában elég a fiókjához. Ha nem Ön volt, változtassa meg a jelszavát, és kapcsolja be újra.

notice-mailbox-changed-title = Megváltozott a fiókja e-mail-címe
notice-mailbox-changed-body = A fiókjával kapcsolatos kódok és üzenetek mostantól egy másik e-mail-címre érkeznek; a még érvényes kódokat lecseréltük. Ha nem Ön volt, forduljon most az ügyfélszolgálathoz, és nézze át a megbízható eszközeit.

notice-push-address-changed-title = Egyik eszköze máshol kapja az értesítéseit
notice-push-address-changed-body = Az egyik megbízható eszközének szóló értesítések, és bennük a kódok, mostantól új címre mennek. Ez akkor fordul elő, ha az alkalmazást újratelepítik vagy áthelyezik. Az úton lévő kódokat újakra cseréltük. Ha nem Ön tette, távolítsa el ezt az eszközt, és változtassa meg a jelszavát.

notice-password-changed-title = Megváltozott a jelszava
notice-password-changed-body = A fiókja jelszavát megváltoztatták. Ha nem Ön volt, forduljon most az ügyfélszolgálathoz.

notice-password-reset-asked-title = Új jelszó választása
notice-password-reset-asked-body = Valaki új jelszót kért a fiókjához. Ha Ön volt, az alábbi gombbal választhat egyet: a hivatkozás egyszer használható, 30 percig. Új eszközön továbbra is kód kell a bejelentkezéshez, és minden munkamenet véget ér. Ha nem Ön volt, hagyja figyelmen kívül ezt a levelet: semmi sem változik.

notice-password-reset-asked-frozen-title = Új jelszó választása
notice-password-reset-asked-frozen-body = Valaki új jelszót kért a fiókjához. Ha Ön volt, az alábbi gombbal választhat egyet: a hivatkozás egyszer használható, 30 percig. Jelenleg egyetlen új eszköz sem jelentkezhet be, mert valaki azt felelte, hogy nem ő volt, vagy túl sok hibás kódot írtak be. Az itt választott új jelszó ezen nem változtat: engedélyezze újra a bejelentkezést egy megbízható eszközön, vagy forduljon az ügyfélszolgálathoz. Ha nem Ön volt, hagyja figyelmen kívül ezt a levelet: semmi sem változik.

notice-password-reset-title = Új jelszót állítottak be
notice-password-reset-body = Új jelszót választottak egy erre a címre küldött hivatkozással, és minden munkamenet véget ért. Ha nem Ön volt, valaki olvassa a leveleit: tegye biztonságossá a postafiókját, majd válasszon másik jelszót.

notice-recovery-codes-made-title = Új helyreállító kódok készültek
notice-recovery-codes-made-body = Új helyreállító kódok készültek a fiókjához. A korábbiak már nem érvényesek. Ha nem Ön volt, változtassa meg a jelszavát, és készítsen új kódokat.

notice-recovery-code-used-title = Felhasználtak egy helyreállító kódot
notice-recovery-code-used-body = Valaki az Ön egyik helyreállító kódjával jelentkezett be vagy módosította a fiókját. Ez a kód már nem érvényes. Ha nem Ön volt, távolítsa el az új eszközt, változtassa meg a jelszavát, és készítsen új kódokat.

notice-recovery-codes-low-title = Felhasználtak egy helyreállító kódot, és kevés maradt
notice-recovery-codes-low-body = Valaki az Ön egyik helyreállító kódjával jelentkezett be vagy módosította a fiókját. Legfeljebb kettő maradt: készítsen újakat egy megbízható eszközön. Ha nem Ön volt, távolítsa el az új eszközt, változtassa meg a jelszavát, és készítsen új kódokat.

notice-authenticator-added-title = Hitelesítő alkalmazást adtak hozzá
notice-authenticator-added-body = Mostantól egy hitelesítő alkalmazás is készíthet kódokat a fiókjához, hálózat nélkül is. Ha nem Ön volt, távolítsa el a Bejelentkezési biztonság alatt, és változtassa meg a jelszavát.

notice-authenticator-removed-title = Eltávolították a hitelesítő alkalmazást
notice-authenticator-removed-body = A hitelesítő alkalmazás kódjai már nem érvényesek. Ha nem Ön volt, változtassa meg a jelszavát, és ellenőrizze a megbízható eszközeit.

notice-recovery-asked-title = Valaki az Ön eszközei nélkül szeretne bejelentkezni
notice-recovery-asked-body = Valaki, aki ismeri a jelszavát, azt állítja, hogy nincs már megbízható eszköze, sem helyreállító kódja. Egy várakozási idő után elég lesz neki egy erre a postafiókra küldött kód. Ha Ön volt, csak várnia kell. Ha nem, nyissa meg a Bejelentkezési biztonságot ott, ahol be van jelentkezve, vonja vissza a kérést, és változtassa meg a jelszavát.

notice-recovery-pending-title = Valaki még mindig az Ön eszközei nélkül szeretne bejelentkezni
notice-recovery-pending-body = A kérés, hogy megbízható eszköz nélkül lehessen bejelentkezni a fiókjába, még nyitott. A várakozási idő végén elég lesz egy erre a postafiókra küldött kód. Ha nem Ön volt, nyissa meg a Bejelentkezési biztonságot ott, ahol be van jelentkezve, vonja vissza a kérést, és változtassa meg a jelszavát.

notice-recovery-ready-title = A bejelentkezéshez most már elég egy e-mailben kapott kód
notice-recovery-ready-body = Letelt a megbízható eszköz nélküli bejelentkezés várakozási ideje. Hét napig, és csak egyszer, elég a jelszava és egy erre a postafiókra küldött kód. Ha Ön kérte, jelentkezzen be most, és kérje a kódot e-mailben. Ha nem, nyissa meg a Bejelentkezési biztonságot ott, ahol be van jelentkezve, vonja vissza a kérést, és változtassa meg a jelszavát.

notice-recovery-cancelled-title = Visszavonták az eszközök nélküli bejelentkezés kérését
notice-recovery-cancelled-body = A kérést, hogy megbízható eszköz nélkül lehessen bejelentkezni a fiókjába, visszavonták a fiók egyik munkamenetéből. Aki kérte, ismeri a jelszavát: ha nem Ön volt, változtassa meg.

notice-recovery-used-title = Valaki az Ön eszközei nélkül jelentkezett be
notice-recovery-used-body = A várakozási idő után valaki bejelentkezett a fiókjába a jelszavával és egy erre a postafiókra küldött kóddal. Ha nem Ön volt, távolítsa el az új eszközt a Bejelentkezési biztonság alatt, változtassa meg a jelszavát, és tegye biztonságossá a postafiókját.

notice-email-changed-title = Megváltozott a fiókja e-mail-címe
notice-email-changed-body = Fiókja mostantól másik e-mail-címet használ. Ha Ön volt, nincs teendője. Ha nem, vonja vissza a módosítást az alábbi gombbal 72 órán belül: fiókja újra ezt a címet használja, és új eszköz nem jelentkezhet be, amíg Ön nem engedélyezi. Ezután változtassa meg a jelszavát.

notice-email-change-undone-title = Visszavonták az e-mail-címe módosítását
notice-email-change-undone-body = Valaki, aki a fiók korábbi címét olvassa, visszavonta a módosítást. Fiókja újra azt a címet használja, és új eszköz nem jelentkezhet be. Ha Ön módosította, engedélyezze újra a bejelentkezést egy megbízható eszközön. Ha nem, változtassa meg a jelszavát.

notice-token-reused-title = Az egyik munkamenetét kijelentkeztettük
notice-token-reused-body = Valaki az egyik eszközéről származó bejelentkezés másolatát használta, ezért azt a munkamenetet lezártuk. Ha nem biztonsági mentésből állította vissza az eszközt, változtassa meg most a jelszavát.

notice-device-removed-title = Eltávolítottak egy megbízható eszközt
notice-device-removed-body = Eltávolítottak egy megbízható eszközt a fiókjából. Ha nem Ön volt, változtassa meg a jelszavát.

notice-device-evicted-title = Egy megbízható eszköz helyét új eszköz vette át
notice-device-evicted-body = A fiókja elérte a megbízható eszközök felső határát, ezért a legrégebben használt már nem számít megbízhatónak. Ha nem Ön jelentkezett be egy új eszközön, változtassa meg a jelszavát.

notice-disabling-denied-title = A kétlépcsős azonosítás bekapcsolva marad
notice-disabling-denied-body = Valaki ki akarta kapcsolni a kétlépcsős azonosítást, de egy megbízható eszközén azt válaszolták, hogy nem Ön volt. A próbálkozó eszközt kijelentkeztettük. Ha nem Ön próbálkozott, valaki ismeri a jelszavát: változtassa meg most.

notice-address-taken-title = Önnek már van fiókja
notice-address-taken-body = Valaki fiókot próbált létrehozni az Ön e-mail-címével. Önnek már van fiókja, és semmi sem változott.
