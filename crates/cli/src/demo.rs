//! `keyward demo`: the quick start before the reader's eyes, by real calls over HTTP.

mod story;
mod things;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use keyward_server::actions::bootstrap;
use keyward_server::{Clock, DataFolder, Entropy, Settings, Sources, front, jobs, routes};
use tokio::net::TcpListener;

use crate::options::DemoOptions;
use crate::shutdown::told_to_stop;
use crate::{Failure, output};

/// Ports to try before giving up.
const PORTS: u16 = 100;

/// Starts a server on a database of its own, does the quick start with it, and stays up.
pub(crate) async fn demo(options: DemoOptions) -> Result<(), Failure> {
    let command_line = vec![("data", options.data)];
    let mut settings = Settings::load(Sources { command_line, ..Sources::default() })?;
    let mut folder = DataFolder::hold(&settings.data)?;
    let listener = bind(options.port).await?;
    settings.listen = listener.local_addr()?;
    folder.tell(&format!("process {}, a demo on http://{}", std::process::id(), settings.listen))?;

    output::line(&format!("Starting Keyward on {} …", settings.data.display()));
    let app = bootstrap::start_node(settings, folder, Clock::system(), Entropy::system()).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = {
        let (app, router) = (app.clone(), routes::router(&app));
        tokio::spawn(async move {
            let stopped = async {
                // The demo has ended, with or without a word.
                let _ = stopped.await;
            };
            let (rest, rested) = tokio::sync::watch::channel(());
            let until_rested = || {
                let mut rested = rested.clone();
                async move {
                    let _ = rested.changed().await;
                }
            };
            let kept = jobs::keep(app.clone(), until_rested());
            let followed = jobs::follow(app.clone(), until_rested());
            let folded = jobs::fold(app.clone(), until_rested());
            let served = async {
                let counts = app.metrics.connections.clone();
                front::serve(listener, None, router, &app.settings.plain, counts, stopped).await;
                drop(rest);
            };
            tokio::join!(served, kept, followed, folded);
        })
    };
    let told = told_to_stop()?;
    let done = story::tell(&app).await;
    if done.is_ok() {
        told.await;
    }
    drop(stop);
    server.await?;
    if let Some(traces) = app.traces() {
        traces.end().await;
    }
    app.close().await;
    done
}

/// Listens on the first free port from `first` on, and says which are taken.
async fn bind(first: u16) -> Result<TcpListener, Failure> {
    for port in first..=first.saturating_add(PORTS) {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                output::line(&format!("Port {port} is taken; trying the next one."));
            }
            Err(error) => return Err(format!("port {port} cannot be listened on: {error}").into()),
        }
    }
    Err(format!("no port from {first} on is free").into())
}
