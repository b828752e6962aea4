# Kódot hozó értesítések. Az eseményekről szólók a notices.ftl fájlban vannak.

push-code-title = Bejelentkezési kód
push-disable-two-step-title = Kód a kétlépcsős azonosítás kikapcsolásához
push-code-body = { $code } – { $device }
push-wake-body = Nyissa meg az alkalmazást, ott látja a kódot.
push-over-title = A bejelentkezési kódra már nincs szükség
push-over-body = Nincs teendő.
push-test-title = Az értesítések működnek
push-test-body = Ez egy próba. A kódok így fognak megjelenni.
