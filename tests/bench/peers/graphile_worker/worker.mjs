// Drains the queue once for each line on stdin, and answers each with one line of JSON.
import { createInterface } from "node:readline";
import { Logger, run, runMigrations } from "graphile-worker";
import pg from "pg";

const { dsn, concurrency, fetched, completeDelay } = JSON.parse(process.argv[2]);
const pgPool = new pg.Pool({ connectionString: dsn, max: 10 });
pgPool.on("error", console.error);
pgPool.on("connect", (client) => client.on("error", console.error));
const logger = new Logger(() => () => {});
const preset = {
  worker: {
    concurrentJobs: concurrency,
    localQueue: { size: fetched },
    completeJobBatchDelay: completeDelay,
    failJobBatchDelay: completeDelay,
  },
};

async function drain(count) {
  let ran = 0;
  let finished;
  const allRan = new Promise((resolve) => (finished = resolve));
  const work = async () => {
    if (++ran === count) finished();
  };
  const began = performance.now();
  const runner = await run({ pgPool, logger, preset, noHandleSignals: true, taskList: { count: work }, parsedCronItems: [] });
  await allRan;
  await runner.stop(); // completes what has run
  return { ran, seconds: (performance.now() - began) / 1000 };
}

await runMigrations({ pgPool, logger });
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await drain(JSON.parse(line))));
}
await pgPool.end();
