import { defineCommand } from "../../src/command/command.ts";
import { monitorsAnswer } from "../../src/command/say-monitors.ts";
import type { MonitorView } from "../../src/services/monitors-contract.ts";

export const monitors = defineCommand<{ word: string | null }, readonly MonitorView[]>({
  family: "sync",
  name: "monitors",
  summary: "Show what is expected of jobs and followers, and what does not hold",
  usage: "monitors [NAME | JOB | ENV]",
  examples: ["sync monitors", "sync monitors ndw-etl"],
  hint: "What is not as expected comes first.",
  needs: null,
  parse: ({ words }) => ({ word: words.length === 0 ? null : words.join(" ").toLowerCase() }),
  call: (services, asking) => services.monitors.list(asking),
  say: (found, { word }, { now }) =>
    monitorsAnswer(
      found.filter(
        ({ name, job, service, environment }) =>
          word === null || [name, job, service, environment].some((one) => one?.toLowerCase().includes(word) === true),
      ),
      now,
    ),
});
