import { resolve } from 'node:path';

/*
 * The runner of a job that stops itself once it is loaded, and goes on by SIGCONT: what is traced from there on is the
 * job, and none of the calls by which a runtime starts.
 */

await import(resolve('dist/jobs/serve-job.js'));
process.kill(process.pid, 'SIGSTOP');
await import(resolve('dist/jobs/runner.js'));
