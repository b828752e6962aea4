// The service worker of this page: codes while no window is open. Before this file the gateway puts worker.js of the client library,
// so that the worker is one script. It keeps no pages and answers no requests: a new one takes over at once.

const APP = { icon: "{assets}/icon-192.png", badge: "{assets}/badge.png" };

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("push", (event) => {
  // Safari has a notification of its own at hand, which it shows if this worker shows nothing (Declarative Web Push).
  if (handlePush(event, APP) || event.notification || event.proposedNotification) return;
  // Browsers want every push to show something.
  event.waitUntil(registration.showNotification("Twostep", { silent: true, ...APP, data: { twostep: true, until: Date.now() } }));
});
addEventListener("notificationclick", (event) => handleNotificationClick(event, APP));
addEventListener("pushsubscriptionchange", handleSubscriptionChange);
