import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView } from "../../src/services/contract.ts";
import type { SentryChangeView } from "../../src/services/sentry-contract.ts";
import { askedWords } from "./sentry.ts";

interface Wanted {
  readonly incident: number;
  readonly reason?: string;
  readonly inSentry: boolean;
}
interface Resolved {
  readonly incident: IncidentView;
  /** Of its Sentry issues: how many are open there still, and what Sentry was asked. */
  readonly open: number;
  readonly asked: SentryChangeView | null;
}

export const resolve = defineCommand<Wanted, Resolved>({
  family: "incident",
  name: "resolve",
  summary: "Close an incident",
  usage: "resolve [INC-N] [REASON] [--sentry]",
  examples: [
    "incident resolve INC-3",
    "incident resolve INC-3 NIMDTA jobs re-run at 10:45",
    "incident resolve INC-3 --sentry",
  ],
  hint: "If it starts again soon, the same incident is opened again. `--sentry` resolves its issues in Sentry too.",
  needs: "incident",
  also: "the button Resolve",
  takes: { prose: true, flags: ["sentry"] },
  parse: ({ words, prose, flags }, { asking }) => {
    const { incident, from } = incidentReference(words, asking, { bare: words.length === 1 });
    const reason = prose(from);
    return { incident, inSentry: flags.has("sentry"), ...(reason === "" ? {} : { reason }) };
  },
  call: async (services, asking, { incident: number, reason, inSentry }) => {
    const incident = await services.incidents.setStatus(asking, number, "resolved", reason);
    const issues = await services.sentry.issues(asking, number);
    const open = issues.filter((issue) => issue.open && issue.reachable).length;
    const ask = inSentry && open > 0;
    return { incident, open, asked: ask ? await services.sentry.change(asking, number, { action: "resolve" }) : null };
  },
  say: ({ incident, open, asked }, { inSentry }, { catalogue, now }) => {
    const name = `INC-${incident.number}`;
    const none = inSentry && asked === null ? ["No issue of it is open in Sentry that can be resolved from here."] : [];
    const lines = asked === null ? none : [askedWords(asked)];
    return {
      tone: "done",
      text: incidentLine(catalogue, incident, now),
      ...(lines.length === 0 ? {} : { sections: [{ lines }] }),
      buttons: [
        ...(open > 0 && asked === null
          ? [{ label: "Resolve in Sentry too", command: `incident sentry ${name} resolve` } as const]
          : []),
        { label: "Export", command: `incident export ${name}` },
      ],
      data: { incident: incidentData(incident), ...(asked === null ? {} : { sentry: asked }) },
    };
  },
});
