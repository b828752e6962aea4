import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import twostep.client.ApiClient;
import twostep.client.ApiException;
import twostep.client.api.AccountsApi;
import twostep.client.api.ChallengesApi;
import twostep.client.api.LoginSecurityApi;
import twostep.client.api.SessionsApi;
import twostep.client.api.SignInApi;
import twostep.client.model.ChallengeAnswer;
import twostep.client.model.CreateAccountBody;
import twostep.client.model.DeviceBody;
import twostep.client.model.Platform;
import twostep.client.model.ProblemBody;
import twostep.client.model.ProblemCode;
import twostep.client.model.SignInBody;
import twostep.client.model.SignedInAnswer;
import twostep.client.model.TwoStepBody;
import twostep.client.model.TwoStepEnabledAnswer;
import twostep.client.model.VerificationRequiredAnswer;
import twostep.client.model.VerifyBody;

/** A generated client creates an account, turns two-step verification on, and signs in on a second device. */
public class SignIn {
    static final String PASSWORD = "correct horse battery";
    static String base;
    static String email;
    static int mailsRead = 0;

    public static void main(String[] arguments) throws Exception {
        base = arguments[0];
        email = UUID.randomUUID() + "@example.com";
        ApiClient client = new ApiClient();
        client.updateBaseUri(base);
        ChallengesApi challenges = new ChallengesApi(client);
        LoginSecurityApi security = new LoginSecurityApi(client);

        CreateAccountBody account = new CreateAccountBody().email(email).password(PASSWORD).device(device());
        ChallengeAnswer confirming = new AccountsApi(client).createAccount(account).getChallenge();
        try {
            challenges.verifyChallenge(confirming.getId(), new VerifyBody().code("000000"), bearer(confirming.getToken()));
            throw new AssertionError("a made-up code was right");
        } catch (ApiException refused) {
            ProblemBody problem = ApiClient.createDefaultObjectMapper().readValue(refused.getResponseBody(), ProblemBody.class);
            same(ProblemCode.WRONG_CODE, problem.getCode());
        }
        SignedInAnswer owner = (SignedInAnswer) verified(challenges, confirming);
        Map<String, String> session = bearer(owner.getSession().getAccessToken());

        same(false, security.getLoginSecurity(session).getTwoStep().getEnabled());
        ChallengeAnswer enabling = security.switchTwoStep(new TwoStepBody().enabled(true), session).getChallenge();
        TwoStepEnabledAnswer enabled = (TwoStepEnabledAnswer) verified(challenges, enabling);
        same(owner.getDevice().getId(), enabled.getDevice().getId());

        SignInApi signIn = new SignInApi(client);
        SignInBody onTrusted = new SignInBody().email(email).password(PASSWORD).trustToken(enabled.getDevice().getTrustToken())
            .device(device().installId(installed));
        same(SignedInAnswer.class, signIn.signIn(onTrusted).getActualInstance().getClass());
        SignInBody onAnother = new SignInBody().email(email).password(PASSWORD).device(device());
        VerificationRequiredAnswer asked = (VerificationRequiredAnswer) signIn.signIn(onAnother).getActualInstance();
        same(VerificationRequiredAnswer.StatusEnum.VERIFICATION_REQUIRED, asked.getStatus());
        same(2, new SessionsApi(client).listSessions(session).getSessions().size());
    }

    static UUID installed;

    static DeviceBody device() {
        UUID install = UUID.randomUUID();
        if (installed == null) installed = install;
        return new DeviceBody().installId(install).name("Phone").model("Pixel 7").platform(Platform.ANDROID)
            .osVersion("15").appVersion("1.0");
    }

    static Map<String, String> bearer(String token) {
        return Map.of("Authorization", "Bearer " + token);
    }

    static Object verified(ChallengesApi challenges, ChallengeAnswer challenge) throws Exception {
        VerifyBody body = new VerifyBody().code(mailedCode());
        return challenges.verifyChallenge(challenge.getId(), body, bearer(challenge.getToken())).getActualInstance();
    }

    /** The code of the next mail, which the gateway keeps in development mode instead of sending it. */
    static String mailedCode() throws Exception {
        Pattern code = Pattern.compile("\\b(\\d{3}) (\\d{3})\\b");
        for (int tries = 0; tries < 500; tries++) {
            HttpRequest outbox = HttpRequest.newBuilder(URI.create(base + "/dev/outbox.json")).build();
            String body = HttpClient.newHttpClient().send(outbox, HttpResponse.BodyHandlers.ofString()).body();
            var messages = ApiClient.createDefaultObjectMapper().readTree(body).get("messages");
            List<String> codes = new java.util.ArrayList<>();
            for (var message : messages) {
                var found = code.matcher(message.get("text").asText());
                if (message.get("to").asText().equals(email) && found.find()) codes.add(found.group());
            }
            if (codes.size() > mailsRead) {
                mailsRead = codes.size();
                return codes.get(0);
            }
            Thread.sleep(20);
        }
        throw new AssertionError("no mail with a code");
    }

    static void same(Object expected, Object found) {
        if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
    }
}
