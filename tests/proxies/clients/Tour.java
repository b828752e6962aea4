import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A tour of the gateway with the client of the JDK, as it is by default (it offers HTTP/2 with every request): see tour.py.
 * {@code java Tour.java BASE CA ACCESS_TOKEN CHALLENGE_ID CHALLENGE_TOKEN}
 */
class Tour {
    static final int CALLS = 20;

    public static void main(String[] arguments) throws Exception {
        String base = arguments[0], access = arguments[2], challenge = arguments[3], token = arguments[4];
        HttpClient.Builder builder = HttpClient.newBuilder();
        if (!arguments[1].equals("-")) {
            builder.sslContext(trusting(Path.of(arguments[1])));
        }
        HttpClient client = builder.build();
        var publisher = HttpRequest.BodyPublishers.ofString("{}");
        for (int count = 0; count < CALLS; count++) {
            expect(client, HttpRequest.newBuilder(URI.create(base + "/v1/client-ip")), 200);
            var post = HttpRequest.newBuilder(URI.create(base + "/v1/sign-in"));
            expect(client, post.header("content-type", "application/json").POST(publisher), 400);
        }
        expect(client, HttpRequest.newBuilder(URI.create(base + "/")).method("HEAD", HttpRequest.BodyPublishers.noBody()), 200);
        say("calls");
        var events = HttpRequest.newBuilder(URI.create(base + "/v1/challenges/" + challenge + "/events"));
        var answer = client.send(events.header("authorization", "Bearer " + token).build(), BodyHandlers.ofLines());
        String state = answer.body().filter(line -> line.startsWith("data: ")).findFirst().orElseThrow();
        say("event " + field(state, "state"));
        var closed = new CompletableFuture<Integer>();
        client.newWebSocketBuilder().header("authorization", "Bearer " + access).subprotocols("twostep.v1")
            .buildAsync(URI.create(base.replaceFirst("http", "ws") + "/v1/connect"), new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                    say(field(text, "type"));
                    return WebSocket.Listener.super.onText(socket, text, last);
                }

                @Override
                public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                    closed.complete(code);
                    return null;
                }

                @Override
                public void onError(WebSocket socket, Throwable error) {
                    closed.completeExceptionally(error);
                }
            }).get();
        say("closed " + closed.get());
        System.exit(0);
    }

    static void expect(HttpClient client, HttpRequest.Builder request, int status) throws Exception {
        var answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != status) {
            throw new AssertionError(answer + ": " + answer.body());
        }
    }

    static String field(CharSequence json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([a-z_]+)\"").matcher(json);
        return found.find() ? found.group(1) : "none in " + json;
    }

    static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    static SSLContext trusting(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var input = Files.newInputStream(file)) {
            store.setCertificateEntry("test", CertificateFactory.getInstance("X.509").generateCertificate(input));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
