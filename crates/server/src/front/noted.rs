//! What was refused is noted for the log of refusals: a look at the answer, behind the handler.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use keyward_core::ClientId;
use keyward_store::ActorKind;
use keyward_wire::ErrorCode;
use keyward_wire::oauth::OAuthErrorCode;

use crate::actions::refusals::hour_of;
use crate::app::App;
use crate::front::ClientAddress;
use crate::refusal_log::Refused;

/// Statuses that are refusals, whatever the route.
const REFUSED: [u16; 3] = [401, 403, 429];

/// Who sent a request, told by whoever finds it out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identified(Arc<OnceLock<(ActorKind, String)>>);

impl Identified {
    /// Tells who it is. The first to tell is the one who knows.
    pub(crate) fn tell(&self, kind: ActorKind, id: &str) {
        // A second one would say the same.
        let _ = self.0.set((kind, id.to_owned()));
    }
}

/// On an answer: what was told, and to whom, where the answer itself knows.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The code, for whatever leads from there to its page.
    pub(crate) code: &'static str,
    application: Option<ClientId>,
    is_refused: bool,
}

impl Told {
    /// An error of the management API.
    pub(crate) fn of(code: ErrorCode) -> Self {
        Self { code: code.as_str(), application: None, is_refused: REFUSED.contains(&code.status()) }
    }

    /// A token that was not issued, other than by a fault of ours.
    pub(crate) fn of_token(code: OAuthErrorCode, application: Option<ClientId>) -> Self {
        Self { code: code.as_str(), application, is_refused: code.status() < 500 }
    }
}

/// What is known of a request before it is answered.
#[derive(Debug)]
pub(super) struct Noticed {
    route: String,
    address: Option<IpAddr>,
    identified: Identified,
}

impl Noticed {
    /// Looks at a request, and leaves with it where to tell who sent it. The route is noted and never the path, which may
    /// hold what people pasted into it.
    pub(super) fn of(request: &mut Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {route}", request.method());
        let address = ClientAddress::known(request.extensions());
        let identified = Identified::default();
        request.extensions_mut().insert(identified.clone());
        Self { route, address, identified }
    }

    /// Notes the answer if it is a refusal.
    pub(super) fn note(self, app: &App, response: &Response) {
        let told = response.extensions().get::<Told>();
        let status = response.status().as_u16();
        if !told.map_or(REFUSED.contains(&status), |told| told.is_refused) {
            return;
        }
        let named = told.and_then(|told| told.application.as_ref());
        let named = named.map(|id| (ActorKind::Application, id.to_string()));
        let now = app.now();
        let refused = Refused {
            hour_at: hour_of(now),
            code: told.map_or_else(|| format!("HTTP_{status}").into(), |told| told.code.into()),
            route: self.route,
            actor: self.identified.0.get().cloned().or(named),
            address: self.address,
        };
        app.refusal_log.note(refused, now);
    }
}
