//! The handler of the Lambda functions on a bucket: one in a folder of this machine, or that of a deployed stack. Or a deployed
//! function, which answers the same requests.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use aws_config::SdkConfig;
use insights_to_braze::braze::{self, HttpClients};
use insights_to_braze::bucket::Bucket;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::config::Config;
use insights_to_braze::environment::{DEFAULT_CONFIG_KEY, StartError, s3_client};
use insights_to_braze::handler::Handler;
use insights_to_braze::secrets::{ApiKey, ApiKeys, Readable};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use crate::arguments::{ExportFiles, Place, Stack};
use crate::ending::Failure;
use crate::stack::{StackError, StackFunction};
use crate::texts::{self, Number, Word};
use crate::workspace::{ConfigFile, Served, WorkspaceFolder};
use crate::{api_key, aws, interrupt, show};

/// The time limit: none but Ctrl-C.
const TIME: Duration = Duration::from_hours(24 * 30);

/// Who answers requests, and where the answers come from.
pub(crate) struct Application {
    answering: Answering,
    config_key: String,
    served: Option<Served>,
    temporary: Option<TempDir>,
}

enum Answering {
    /// A handler in this process, which uses the bucket.
    Handler(Box<Handler>, Bucket),
    /// The function of a deployed stack.
    Function(StackFunction),
}

impl Application {
    /// The application that the flags name: the function of a deployed stack, or its bucket; `None` if they name neither.
    pub(crate) async fn deployed(stack: &Stack) -> Result<Option<Self>, Failure> {
        if let Some(name) = &stack.name {
            interrupt::work_is_in(name);
            return Ok(Some(Self::of_function(name, &aws::sdk(stack.profile.as_deref()).await?)));
        }
        let Some(bucket) = &stack.bucket else { return Ok(None) };
        let sdk = aws::sdk(stack.profile.as_deref()).await?;
        let bucket = Bucket::new(s3_client(&sdk), bucket.clone());
        Ok(Some(Self::of_bucket(bucket, &stack.config_key, stack.secret.as_deref(), &sdk)))
    }

    fn new(answering: Answering, config_key: &str, served: Option<Served>) -> Self {
        Self { answering, config_key: config_key.to_owned(), served, temporary: None }
    }

    /// The application of a deployed stack, which its function is asked for.
    pub(crate) fn of_function(stack: &str, sdk: &SdkConfig) -> Self {
        Self::new(Answering::Function(StackFunction::new(stack, sdk)), DEFAULT_CONFIG_KEY, None)
    }

    /// The application on the bucket of a deployed stack, with the user's own credentials. Braze's keys come from Secrets
    /// Manager, as they do for the functions; `secret` is the stack's own.
    pub(crate) fn of_bucket(bucket: Bucket, config_key: &str, secret: Option<&str>, sdk: &SdkConfig) -> Self {
        let keys = ApiKeys::new(aws_sdk_secretsmanager::Client::new(sdk));
        let keys = keys.reading(Readable::parse(secret.unwrap_or_default()));
        let handler = Handler::new(bucket.clone(), config_key.to_owned(), keys, None, HttpClients::default());
        Self::new(Answering::of(handler, bucket), config_key, None)
    }

    /// The application on a folder of this machine. Without a key nothing can be sent, which a dry run and `status` never do.
    pub(crate) async fn of_workspace(
        folder: WorkspaceFolder,
        config: &ConfigFile,
        key: Option<ApiKey>,
    ) -> Result<Self, Failure> {
        Self::of_workspace_with(folder, config, key, None).await
    }

    /// The same with a SAS for the sources.
    pub(crate) async fn of_workspace_with(
        folder: WorkspaceFolder,
        config: &ConfigFile,
        key: Option<ApiKey>,
        sas: Option<SecretString>,
    ) -> Result<Self, Failure> {
        let served = folder.serve(config).await?;
        let bucket = served.bucket();
        let mut keys = ApiKeys::given(key.unwrap_or_else(|| ApiKey::new(String::new())));
        if let Some(sas) = sas {
            keys = keys.with_text(sas);
        }
        let clients = braze::http_client().map_err(StartError::from)?;
        let handler = Handler::new(bucket.clone(), DEFAULT_CONFIG_KEY.to_owned(), keys, None, clients);
        Ok(Self::new(Answering::of(handler, bucket), DEFAULT_CONFIG_KEY, Some(served)))
    }

    /// The same, which keeps a temporary folder until it ends.
    pub(crate) fn keeping(mut self, folder: TempDir) -> Self {
        self.temporary = Some(folder);
        self
    }

    /// Where an object can be opened: a path on this machine, or an address in S3. A function does not say which bucket it has.
    pub(crate) fn location(&self, key: &str) -> String {
        match (&self.served, &self.answering) {
            (Some(served), _) => served.bucket_folder().join(key).display().to_string(),
            (None, Answering::Handler(_, bucket)) => format!("s3://{}/{key}", bucket.name()),
            (None, Answering::Function(function)) => {
                texts::with("in-stack", &[("key", Word(key)), ("stack", Word(function.stack()))])
            }
        }
    }

    /// The key under which the handler reads its configuration.
    pub(crate) fn config_key(&self) -> &str {
        &self.config_key
    }

    /// Whether this is a folder of this machine, which holds all that is known of earlier deliveries.
    pub(crate) fn is_workspace(&self) -> bool {
        self.served.is_some()
    }

    /// Whether a deployed function answers.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self.answering, Answering::Function(_))
    }

    /// The bucket; an error if a function answers.
    pub(crate) fn bucket(&self) -> Result<&Bucket, StackError> {
        match &self.answering {
            Answering::Handler(_, bucket) => Ok(bucket),
            Answering::Function(function) => Err(function.without_bucket()),
        }
    }

    /// The configuration in force; `None` if it went away or has become wrong since the handler read it, or if a function
    /// reads it.
    pub(crate) async fn config(&self) -> Result<Option<Config>, Failure> {
        let Ok(bucket) = self.bucket() else { return Ok(None) };
        let read = bucket.read(&self.config_key, Config::SIZE_LIMIT).await?;
        let text = read.and_then(|(bytes, _)| String::from_utf8(bytes.into()).ok());
        Ok(text.and_then(|text| Config::parse(&text).ok()))
    }

    /// Asks the handler what the `on-demand` function is asked. Ctrl-C ends the time that it has.
    pub(crate) async fn on_demand(&self, request: &Value) -> Result<Value, Failure> {
        self.on_demand_until(request, interrupt::flag()).await
    }

    /// The same; the time ends once `stop` is true.
    pub(crate) async fn on_demand_until(&self, request: &Value, stop: &'static AtomicBool) -> Result<Value, Failure> {
        match &self.answering {
            Answering::Handler(handler, _) => {
                Ok(handler.on_demand(request, TimeBudget::ending_in(TIME).or_once(stop)).await?)
            }
            Answering::Function(function) => Ok(function.ask(request).await?),
        }
    }
}

impl Answering {
    fn of(handler: Handler, bucket: Bucket) -> Self {
        Self::Handler(Box::new(handler.without_report_lines()), bucket)
    }
}

impl Place {
    /// What has been delivered, to be looked at and changed. No key is needed.
    pub(crate) async fn open(&self, export: Option<&str>) -> Result<Application, Failure> {
        self.open_with(export, WorkspaceFolder::take, || Ok(None)).await
    }

    /// What has been delivered, to be looked at alone: another command may be writing.
    pub(crate) async fn open_to_read(&self, export: Option<&str>) -> Result<Application, Failure> {
        self.open_with(export, WorkspaceFolder::take_to_read, || Ok(None)).await
    }

    /// What has been delivered, to send what follows from it. The key is asked for where there is no Secrets Manager.
    pub(crate) async fn open_to_send(&self, export: Option<&str>) -> Result<Application, Failure> {
        self.open_with(export, WorkspaceFolder::take, || api_key::read().map(Some)).await
    }

    async fn open_with(
        &self,
        export: Option<&str>,
        take: impl FnOnce(&Path) -> Result<WorkspaceFolder, Failure>,
        key: impl FnOnce() -> Result<Option<ApiKey>, Failure>,
    ) -> Result<Application, Failure> {
        if let Some(application) = Application::deployed(&self.source.stack).await? {
            return Ok(application);
        }
        let config = self.source.read()?;
        if let Some(export) = export {
            config.export(export)?;
        }
        if !self.workspace.is_dir() {
            let nothing = std::io::Error::from(std::io::ErrorKind::NotFound);
            let advice = "`itb run` creates it. Set --workspace to its folder.";
            return Err(Failure::file("there is no workspace", &self.workspace, nothing, advice));
        }
        Application::of_workspace(take(&self.workspace)?, &config, key()?).await
    }
}

impl ExportFiles {
    /// The export with its files in place. `key` is asked for Braze's key only where there is no Secrets Manager.
    pub(crate) async fn open(
        &self,
        export: &str,
        key: impl FnOnce() -> Result<Option<ApiKey>, Failure>,
    ) -> Result<Application, Failure> {
        self.place.open_files(self.files.as_deref(), export, key).await
    }
}

impl Place {
    /// The export with the files of a folder in place.
    pub(crate) async fn open_files(
        &self,
        files: Option<&Path>,
        export: &str,
        key: impl FnOnce() -> Result<Option<ApiKey>, Failure>,
    ) -> Result<Application, Failure> {
        let source = &self.source;
        if let Some(application) = Application::deployed(&source.stack).await? {
            return Ok(application);
        }
        let config = source.read()?;
        let export = config.export(export)?;
        let folder = WorkspaceFolder::take(&self.workspace)?;
        // The command line requires the folder if there is no bucket.
        let files = files.unwrap_or_else(|| Path::new("."));
        let mirrored = folder.mirror(files, export)?;
        show::aside(texts::with(
            "files-in",
            &[
                ("n", Number(mirrored.files as u64)),
                ("folder", Word(&files.display().to_string())),
                ("copied", Number(mirrored.copied as u64)),
                ("removed", Number(mirrored.removed as u64)),
            ],
        ));
        Application::of_workspace(folder, &config, key()?).await
    }
}

impl crate::arguments::Source {
    /// The configuration file of this machine.
    pub(crate) fn read(&self) -> Result<ConfigFile, Failure> {
        ConfigFile::read(self.config_file())
    }
}
