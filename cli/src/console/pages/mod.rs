//! The pages, and where they are.

mod assets;
mod changes;
mod connections;
mod deliver;
mod demo;
mod erase;
mod export;
mod exports;
mod field;
mod help;
mod holds;
mod home;
mod jobs;
mod new_connection;
mod new_export;
mod preview;
mod retire;
mod runs;
mod segment;
mod settings;

use axum::Router;
use axum::routing::{get, post};

use super::state::Shared;
use super::trouble::Trouble;

/// Every page below the path of the session.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home::home))
        .route("/style.css", get(assets::style))
        .route("/icon.svg", get(assets::icon))
        .route("/language", post(assets::language))
        .route("/connections", get(connections::list))
        .route("/connections/new", get(new_connection::form).post(new_connection::create))
        .route("/connections/{name}", get(connections::one).post(connections::key))
        .route("/changes", post(changes::save))
        .route("/changes/preview", post(changes::preview))
        .route("/exports", get(exports::list))
        .route("/exports/new", get(new_export::begin).post(new_export::step))
        .route("/exports/{export}", get(export::one))
        .route("/exports/{export}/dry-run", post(deliver::dry_run))
        .route("/exports/{export}/rules", get(export::rules))
        .route("/exports/{export}/history", get(runs::history))
        .route("/segments/{export}/{segment}", get(segment::one))
        .route("/runs/{export}/{segment}/{run}", get(runs::one))
        .route("/runs/{export}/{segment}/{run}/report", get(runs::report))
        .route("/holds/{export}/{segment}/{run}", get(holds::one).post(holds::decide))
        .route("/retire", get(retire::confirm).post(retire::retire))
        .route("/dry-run", post(deliver::dry_run_of_all))
        .route("/jobs/{number}", get(jobs::one))
        .route("/jobs/{number}/deliver", get(deliver::confirm).post(deliver::run))
        .route("/jobs/{number}/stop", post(jobs::stop))
        .route("/jobs/{number}/page", get(jobs::page_of_dry_run))
        .route("/erase", get(erase::form).post(erase::erase))
        .route("/settings", get(settings::edit))
        .route("/settings/{version}", get(settings::version))
        .route("/help", get(help::list))
        .route("/help/{code}", get(help::one))
        .route("/demo", get(demo::braze))
        .route("/demo/export", post(demo::export))
        .route("/demo/braze", post(demo::change_braze))
        .fallback(async || Trouble::NotFound)
}
