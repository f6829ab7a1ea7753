import { endpoints } from './api/v1/index.js';
import { createApp } from './app.js';
import { writeHealth } from './appliance/health.js';
import { consoleStamp } from './appliance/console.js';
import { certificateStamp, loadCertificate } from './appliance/tls-certificate.js';
import { journalOf, type Paths } from './config/paths.js';
import { createContext, type AppContext } from './context.js';
import { FatalError, messageOf } from './core/errors.js';
import { repeat, repeatFromNow, runLater, type StopRepeating } from './core/repeat.js';
import { createTurns } from './core/turns.js';
import { loadMultipart } from './http/receive-form.js';
import { prepareAppliance, removeLeftovers, requirePrepared } from './prepare.js';
import { renewForProxies } from './operations/renew-certificate.js';
import { writeFileAtomic } from './system/atomic-file.js';
import { findFileChange } from './system/file-change.js';
import { loadSystemInformation } from './system/host-usage.js';
import {
  closeGracefully,
  listenBehindProxy,
  listenTls,
  takeOverCertificate,
  type Listener,
} from './server.js';

export interface DaemonOptions {
  /** Directory that stands for `/`; undefined administers the machine itself. */
  readonly root: string | undefined;
  /** The admin directory as the appliance sees it. */
  readonly adminPath: string;
  /** Overrides of the settings. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** The plain port on 127.0.0.1 for a proxy (`JIDO_API_PORT`). */
  readonly proxyPort?: number | undefined;
}

export interface Daemon {
  readonly paths: Paths;
  readonly host: string;
  /** Undefined when TLS is off. */
  readonly port: number | undefined;
  readonly proxyPort: number | undefined;
  /** Takes over a changed certificate at once instead of at the next look, and a changed endpoint configuration. */
  reload(): Promise<void>;
  /** Finishes requests, then stops; jobs run on. */
  stop(): Promise<void>;
  /** Rejects when the daemon cannot serve all that it should: it has to be started again. */
  readonly fault: Promise<never>;
}

const RENEWAL_CHECK_MS = 86_400_000;
/**
 * When what the first answers do not need is loaded. Not later: an upgrade of the package takes the files of a daemon
 * that still runs away.
 */
const LATER_MS = 500;

/**
 * Starts the daemon: settings, what a crash left, listeners, background tasks.
 *
 * @throws FatalError with one line for the person who started it
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  let reload = () => Promise.resolve();
  let phase: 'starting' | 'ready' | 'stopping' = 'starting';
  const parts = createContext({ ...options, channel: 'web' });
  const context: AppContext = {
    ...parts,
    takeOverCertificate: () => reload().catch(reportTo(parts, 'certificate')),
    isReady: () => phase === 'ready',
  };
  const { paths, settings, logger, launcher } = context;
  if (!settings.tls && options.proxyPort === undefined) {
    throw new FatalError(
      `${paths.settings}: "tls" is off, so JIDO_API_PORT must name the port for the proxy`,
    );
  }
  await (context.isPrivileged ? prepareAppliance(context) : requirePrepared(context));
  const app = createApp(context, endpoints, () => phase === 'stopping');
  const host = options.host ?? (settings.host || (options.root === undefined ? '' : '127.0.0.1'));
  const listeners: Listener[] = [];
  const tasks: StopRepeating[] = [];
  const close = async (graceMs: number) => {
    phase = 'stopping';
    await Promise.all(listeners.map((listener) => closeGracefully(listener, graceMs)));
    await Promise.all(tasks.map((end) => end()));
  };
  try {
    // Before the pair is read: one that takes its place meanwhile is noticed, and taken over.
    const stamp = await certificateStamp(paths);
    const tls = settings.tls
      ? await listenTls(app, context, await loadCertificate(paths), {
          host,
          port: options.port ?? settings.port,
        })
      : undefined;
    if (tls) listeners.push(tls);
    const proxy =
      options.proxyPort === undefined ? undefined : await listenBehindProxy(app, context, options.proxyPort);
    if (proxy) listeners.push(proxy);

    // Only a daemon that got its port may touch what another one could be using.
    await removeLeftovers(context);
    reload = certificateTakeOver(context, tls, stamp);
    tasks.push(await launcher.watch());
    const { promise: fault, reject: giveUp } = pending();
    tasks.push(runLater(LATER_MS, () => loadRest(context), giveUp));
    if (settings.healthIntervalMs > 0) {
      tasks.push(repeat(settings.healthIntervalMs, () => reportHealth(context), reportTo(context, 'health')));
    }
    if (context.isPrivileged && settings.tls) {
      const renew = () => renewForProxies(context).then(reload);
      tasks.push(repeat(RENEWAL_CHECK_MS, renew, reportTo(context, 'certificate renewal')));
    }
    const reportCertificate = reportTo(context, 'certificate');
    tasks.push(
      repeat(settings.certificateCheckIntervalMs, tellOnce(reload, reportCertificate), reportCertificate),
    );
    if (!context.isPrivileged) tasks.push(keepConsoleCurrent(context));
    phase = 'ready';
    logger.info({ host, port: tls?.port, proxyPort: proxy?.port, root: paths.root }, 'listening');
    return {
      paths,
      host,
      port: tls?.port,
      proxyPort: proxy?.port,
      fault,
      async reload() {
        context.gate.reload();
        await reload();
      },
      async stop() {
        logger.info('stopping');
        await close(settings.shutdownGraceMs);
        logger.info('stopped');
      },
    };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/**
 * Loads what the first answers did not need, and reports the health, which needs it, for the first time.
 *
 * @throws FatalError when something cannot be loaded: Node does not try to load a module again
 */
async function loadRest(context: AppContext): Promise<void> {
  await Promise.all([loadMultipart(), loadSystemInformation()]).catch((error: unknown) => {
    throw new FatalError(`Its own programs cannot be read: ${messageOf(error)}`);
  });
  if (context.settings.healthIntervalMs > 0) await reportHealth(context).catch(reportTo(context, 'health'));
}

function reportHealth({ paths, isPrivileged }: AppContext): Promise<void> {
  return writeHealth(isPrivileged ? paths.health : paths.volatileHealth, paths.admin);
}

/** The console is root's: what has changed is only told, and read again by who writes there. */
function keepConsoleCurrent(context: AppContext): StopRepeating {
  const { paths, settings } = context;
  let shown = '';
  const look = async () => {
    const stamp = await consoleStamp(paths);
    if (stamp === shown) return;
    await writeFileAtomic(paths.consoleTrigger, `${Date.now()}\n`, { mode: 0o644 });
    shown = stamp;
  };
  return repeatFromNow(settings.certificateCheckIntervalMs, look, reportTo(context, 'console'));
}

/**
 * A pair that changed on disk is taken over; a broken one leaves the old pair serving. One look at a time, so that
 * the last one decides.
 *
 * @param stamp of the pair that is served, from before it was read
 */
function certificateTakeOver(
  { paths, logger }: AppContext,
  listener: Listener | undefined,
  stamp: string,
): () => Promise<void> {
  let served = stamp;
  const look = async () => {
    const current = await certificateStamp(paths);
    if (!listener || current === served) return;
    // The job that made the change may still put the old pair back.
    const change = await findFileChange(journalOf(paths, 'certs'));
    if (change?.isCommitted === false) return;
    takeOverCertificate(listener.server, await loadCertificate(paths));
    // Only now: what failed for a moment is tried again at the next look.
    served = current;
    logger.info('new TLS certificate taken over');
  };
  const takeTurns = createTurns();
  return () => takeTurns(look);
}

/** What keeps a task from its end is reported once, not at every round. */
function tellOnce(task: () => Promise<void>, report: (error: unknown) => void): () => Promise<void> {
  let told = '';
  return async () => {
    let trouble = '';
    await task().catch((error: unknown) => {
      trouble = messageOf(error);
      if (trouble !== told) report(error);
    });
    told = trouble;
  };
}

function reportTo({ logger }: Pick<AppContext, 'logger'>, task: string): (error: unknown) => void {
  return (error) => logger.error({ task, reason: messageOf(error) }, 'background task failed');
}

function pending() {
  let reject!: (error: unknown) => void;
  const promise = new Promise<never>((_resolve, rejectIt) => (reject = rejectIt));
  // Whoever starts a daemon may not look.
  promise.catch(() => undefined);
  return { promise, reject };
}
