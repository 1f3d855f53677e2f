//! `keyward serve`.

use std::io::{IsTerminal, stderr};
use std::net::SocketAddr;

use keyward_server::actions::bootstrap;
use keyward_server::actions::first_run::{Invitation, invite};
use keyward_server::front::Tls;
use keyward_server::metrics::ConnectionCounts;
use keyward_server::{App, Clock, DataFolder, Entropy, Settings, front, jobs, metrics, routes};
use tokio::net::TcpListener;

use crate::options::{ServeOptions, settings};
use crate::shutdown::told_to_stop;
use crate::{Failure, logging, output};

/// Runs the server until it is told to stop.
pub(crate) async fn serve(options: ServeOptions) -> Result<(), Failure> {
    let mut settings = settings(options.place, options.listen)?;
    logging::start(&settings.plain);
    let tls = settings.tls.clone().map(Tls::load).transpose()?;
    let mut folder = DataFolder::hold(&settings.data)?;
    let listener = bind(settings.listen).await?;
    settings.listen = listener.local_addr()?;
    let for_metrics = match settings.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    warn_if_open(&settings);
    folder.tell(&format!("process {}, which listens on {}", std::process::id(), settings.listen))?;

    let app = bootstrap::start_node(settings, folder, Clock::system(), Entropy::system()).await?;
    welcome(&app).await?;
    // From here on a signal is heard: whoever reads that we are ready may send one at once.
    let told = told_to_stop()?;
    tracing::info!(
        listen = %app.settings.listen, issuer = app.issuer.as_str(), database = app.database_kind(), "Keyward is ready"
    );
    let (stop, stopped) = tokio::sync::watch::channel(());
    let until_stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // Dropped or told, it is the end.
            let _ = stopped.changed().await;
        }
    };
    let follower = tokio::spawn(jobs::follow(app.clone(), until_stopped()));
    let folder = tokio::spawn(jobs::fold(app.clone(), until_stopped()));
    let keeper = tokio::spawn(jobs::keep(app.clone(), until_stopped()));
    let anchor = tokio::spawn(jobs::anchor(app.clone(), jobs::EVERY_HOUR, until_stopped()));
    let refusals = tokio::spawn(jobs::write_refusals(app.clone(), until_stopped()));
    let metrics = match for_metrics {
        Some(listener) => {
            tracing::info!(listen = %listener.local_addr()?, "metrics can be read");
            let (router, limits) = (metrics::router(&app), app.settings.plain.clone());
            let stopped = until_stopped();
            // Whoever reads the page is not on it.
            let counts = ConnectionCounts::default();
            Some(tokio::spawn(async move { front::serve(listener, None, router, &limits, counts, stopped).await }))
        }
        None => None,
    };
    let renewer = tls.clone().map(|tls| tokio::spawn(jobs::renew(tls, until_stopped())));
    let counts = app.metrics.connections.clone();
    front::serve(listener, tls, routes::router(&app), &app.settings.plain, counts, told).await;
    drop(stop);
    folder.await?;
    follower.await?;
    keeper.await?;
    anchor.await?;
    refusals.await?;
    jobs::tell_head(&app).await;
    if let Some(renewer) = renewer {
        renewer.await?;
    }
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    if let Some(traces) = app.traces() {
        traces.end().await;
    }
    app.close().await;
    tracing::info!("Keyward has stopped");
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.map_err(|error| format!("{address} cannot be listened on: {error}"))?)
}

/// Others can reach the server, and are told tokens of `localhost`.
fn warn_if_open(settings: &Settings) {
    if settings.public_url.is_none() && !settings.listen.ip().is_loopback() {
        tracing::warn!(
            listen = %settings.listen,
            "others can reach this address, but public_url is not set: tokens name localhost as their issuer"
        );
    }
}

/// Tells the first user of an empty store how to get in: nothing secret but on a terminal.
async fn welcome(app: &App) -> Result<(), Failure> {
    match invite(app, stderr().is_terminal()).await? {
        Invitation::None => {}
        Invitation::Link(code) => {
            let link = format!("{}/setup/{}", app.issuer.as_str(), code.expose());
            output::error(&format!(
                "This store is empty. Open this link within the hour, it works once:\n\n  {link}\n"
            ));
        }
        Invitation::File(path) => {
            tracing::info!(path = %path.display(), "the first credentials stand in a file that is deleted at first use");
        }
    }
    Ok(())
}
