//! `/v1/trusted-devices` and `/v1/devices/current`.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::locale::Locale;
use crate::domain::account::zone::ZoneName;
use crate::domain::delivery::push_address::{
    ApnsEnvironment, PushAddress, PushAddressError, PushAddressKind, PushKeys, PushProvider,
};
use crate::domain::device::{NAME_MAX_CHARS, VERSION_MAX_CHARS};
use crate::domain::value::id::DeviceId;
use crate::domain::value::short_text::cleaned;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{DeviceAnswer, SecretText, TrustedDeviceAnswer};
use crate::http::request::extract::{Session, invalid};
use crate::http::request::json::{Json, Object};
use crate::http::{Api, resource, to_the_end};
use crate::providers::push::{CurrentProviders, sealed};
use crate::service::Origin;
use crate::store::device::DeviceChange;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/trusted-devices", "GET, DELETE")
                .route(web::get().to(list))
                .route(web::delete().to(remove_others)),
        )
        .service(
            resource("/v1/trusted-devices/{id}", "DELETE, PATCH")
                .route(web::delete().to(remove))
                .route(web::patch().to(rename)),
        )
        .service(resource("/v1/devices/current", "PATCH").route(web::patch().to(update)));
}

/// The trusted devices of an account.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TrustedDevicesAnswer {
    /// Most recently used first.
    devices: Vec<TrustedDeviceAnswer>,
}

/// The trusted devices.
#[utoipa::path(
    get, path = "/v1/trusted-devices", operation_id = "listTrustedDevices", tag = "devices", security(("session" = [])),
    responses(
        (status = 200, description = "The devices", body = TrustedDevicesAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn list(api: Data<Api>, Session(session): Session) -> Result<impl Responder, Problem> {
    let devices = api.use_cases.devices.trusted_devices(&session).await?;
    let devices = TrustedDeviceAnswer::list(devices, session.device_id);
    Ok(HttpResponse::Ok().json(TrustedDevicesAnswer { devices }))
}

/// Remove a trusted device: its sessions and its connection end at once, on every node.
#[utoipa::path(
    delete, path = "/v1/trusted-devices/{id}", operation_id = "removeTrustedDevice", tag = "devices", security(("session" = [])),
    params(("id" = DeviceId, Path, description = "The device")),
    responses(
        (status = 204, description = "It is no longer trusted"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn remove(
    api: Data<Api>,
    id: Path<DeviceId>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.devices.remove_device(&session, *id, &origin).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// How many devices lost their trust.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RemovedAnswer {
    removed: usize,
}

/// Remove every trusted device but this one.
#[utoipa::path(
    delete, path = "/v1/trusted-devices", operation_id = "removeOtherTrustedDevices", tag = "devices", security(("session" = [])),
    responses(
        (status = 200, description = "They are no longer trusted", body = RemovedAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn remove_others(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    let removed =
        to_the_end(async move { api.use_cases.devices.remove_other_devices(&session, &origin).await }).await?;
    Ok(HttpResponse::Ok().json(RemovedAnswer { removed }))
}

/// A new name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RenameBody {
    /// As its owner calls it; cleaned and cut to 100 characters, of which one must be left.
    pub(in crate::http) name: String,
}

/// Give a trusted device another name. It stays, whatever name the app sends at its sign-ins.
#[utoipa::path(
    patch, path = "/v1/trusted-devices/{id}", operation_id = "renameTrustedDevice", tag = "devices", request_body = RenameBody, security(("session" = [])),
    params(("id" = DeviceId, Path, description = "The device")),
    responses(
        (status = 200, description = "It is so", body = UpdateDeviceAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn rename(
    api: Data<Api>,
    id: Path<DeviceId>,
    Session(session): Session,
    origin: Origin,
    Json(body): Json<RenameBody>,
) -> Result<impl Responder, Problem> {
    // Its owner typed it, and is there to type another.
    let name = cleaned(&body.name, NAME_MAX_CHARS).ok_or_else(|| invalid("name", "must have something to read"))?;
    let rename = async move { api.use_cases.devices.rename_device(&session, *id, &name, &origin).await };
    let device = to_the_end(rename).await?;
    Ok(HttpResponse::Ok().json(UpdateDeviceAnswer { device: DeviceAnswer::new(device, None) }))
}

/// How a provider knows this device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PushBody {
    provider: PushProvider,
    /// FCM and APNs: the registration token.
    #[serde(default)]
    token: Option<SecretText>,
    /// Web Push: the endpoint of the subscription, a URL of at most 2048 bytes.
    #[serde(default)]
    endpoint: Option<SecretText>,
    /// APNs only; `production` when it is left out.
    #[serde(default)]
    environment: Option<ApnsEnvironment>,
    /// What codes for this device are sealed with; needed for Web Push.
    #[serde(default)]
    #[schema(value_type = Option<PushKeysBody>)]
    keys: Option<Object<PushKeysBody>>,
}

/// The keys of a subscription, as browsers give them (RFC 8291).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PushKeysBody {
    /// The public key: base64url of an uncompressed point on P-256, 65 bytes.
    p256dh: SecretText,
    /// The shared secret: base64url of 16 bytes.
    auth: SecretText,
}

/// What changed; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct UpdateDeviceBody {
    /// As its owner calls it; cleaned and cut to 100 characters. One with nothing to read leaves the name as it is, as do versions.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<PushBody>)]
    push: Option<Object<PushBody>>,
    /// Whether its user lets the app notify.
    #[serde(default)]
    notifications_allowed: Option<bool>,
    /// Version of the app.
    #[serde(default)]
    app_version: Option<String>,
    /// Version of the operating system or browser.
    #[serde(default)]
    os_version: Option<String>,
    /// The language that its user reads, a BCP 47 tag such as `hu-HU`. That of a trusted device is the mails' as well.
    #[serde(default)]
    locale: Option<String>,
    /// The clock that its user reads, such as `Europe/Budapest`. That of a trusted device is the mails' as well.
    #[serde(default)]
    time_zone: Option<String>,
}

impl UpdateDeviceBody {
    /// What changes about a device that seems to be at `location`, and its new push address.
    pub(in crate::http) fn checked(
        self,
        location: Option<String>,
        providers: &CurrentProviders,
    ) -> Result<(DeviceChange, Option<PushAddress>), Problem> {
        let change = DeviceChange {
            name: self.name.and_then(|text| cleaned(&text, NAME_MAX_CHARS)),
            app_version: self.app_version.and_then(|text| cleaned(&text, VERSION_MAX_CHARS)),
            os_version: self.os_version.and_then(|text| cleaned(&text, VERSION_MAX_CHARS)),
            notifications_allowed: self.notifications_allowed,
            location,
            locale: self.locale.as_deref().and_then(Locale::read),
            time_zone: self.time_zone.as_deref().and_then(ZoneName::read),
        };
        Ok((change, self.push.map(|Object(push)| push_address(push, providers)).transpose()?))
    }
}

/// The device after the change.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct UpdateDeviceAnswer {
    device: DeviceAnswer,
}

/// Say what changed on this device: its name, its push token, whether notifications are allowed.
#[utoipa::path(
    patch, path = "/v1/devices/current", operation_id = "updateCurrentDevice", tag = "devices", request_body = UpdateDeviceBody, security(("session" = [])),
    responses(
        (status = 200, description = "It is so", body = UpdateDeviceAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn update(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    Json(body): Json<UpdateDeviceBody>,
) -> Result<impl Responder, Problem> {
    let (change, push) = body.checked(origin.location.clone(), &api.push)?;
    let update = async move { api.use_cases.devices.update_device(&session, &change, push.as_ref(), &origin).await };
    let device = to_the_end(update).await?;
    Ok(HttpResponse::Ok().json(UpdateDeviceAnswer { device: DeviceAnswer::new(device, None) }))
}

fn push_address(push: PushBody, providers: &CurrentProviders) -> Result<PushAddress, Problem> {
    let keys = push.keys.map(|Object(keys)| push_keys(&keys)).transpose()?;
    let (kind, field, value) = match push.provider {
        PushProvider::Fcm => (PushAddressKind::FcmToken, "push.token", push.token),
        PushProvider::Apns => (PushAddressKind::ApnsToken, "push.token", push.token),
        PushProvider::Webpush => (PushAddressKind::WebPush, "push.endpoint", push.endpoint),
    };
    let value = value.ok_or_else(|| invalid(field, "is needed for this provider"))?;
    if kind == PushAddressKind::WebPush {
        let off = || invalid("push.provider", "is `webpush`, which is off at this gateway (webpush.keys_file)");
        let accepted = providers.accept_endpoint(value.expose_secret()).ok_or_else(off)?;
        accepted.map_err(|error| invalid(field, error))?;
    }
    let default = (kind == PushAddressKind::ApnsToken).then_some(ApnsEnvironment::Production);
    let environment = push.environment.or(default);
    PushAddress::parse(kind, environment, value.expose_secret(), keys).map_err(|error| match error {
        PushAddressError::NoKeys => invalid("push.keys", error),
        PushAddressError::Environment => invalid("push.environment", error),
        PushAddressError::Length | PushAddressError::Character => invalid(field, error),
    })
}

fn push_keys(body: &PushKeysBody) -> Result<PushKeys, Problem> {
    let keys = PushKeys::parse(body.p256dh.expose_secret(), body.auth.expose_secret());
    let keys = keys.map_err(|error| invalid("push.keys", error))?;
    sealed::check(&keys).map_err(|error| invalid("push.keys", error))?;
    Ok(keys)
}
