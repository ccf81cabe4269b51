import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { alertmanagerIsHere, startAlertmanager } from "./alertmanager.ts";
import { postKeys, rootsOf } from "./desk.ts";
import { fieldsOf } from "./fields.ts";
import { testDesk } from "./support.ts";

const SECRET = "of-a-real-alertmanager";

test.skipIf(!alertmanagerIsHere && process.env["CI"] !== "true")(
  "a real Alertmanager fires, tells again and resolves: one incident, each alert counted once",
  { timeout: 60_000 },
  async () => {
    const desk = await testDesk({ processes: 0 });
    const folder = await mkdtemp(join(tmpdir(), "nightdesk-catalogue-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const sources = { ...fieldsOf(desk.catalogue["sources"]), prom: { kind: "alertmanager", secret: SECRET } };
    const file = join(folder, "nightdesk.yml");
    await writeFile(file, JSON.stringify({ ...desk.catalogue, sources }));
    const nightdesk = await desk.open({ NIGHTDESK_CATALOGUE: file });
    expect(nightdesk.tail(50)).toContain("Alertmanager cannot sign: it is only as secret as its URL");
    const alertmanager = await startAlertmanager({ url: `${desk.url}/hooks/prom`, secret: SECRET });
    onTestFinished(() => alertmanager.close());
    const startsAt = new Date().toISOString();
    const alert = (instance: string, over: Record<string, unknown> = {}) => ({
      labels: {
        alertname: "QueueNotRead",
        service: "tis-esr-inbound-data-writer",
        env: "production",
        severity: "critical",
        instance,
      },
      annotations: { summary: "Nobody reads the inbound queue" },
      startsAt,
      ...over,
    });

    await alertmanager.tell([alert("a")]);
    await desk.wait("an incident", async () => (await desk.list("incidents")).length === 1);
    await alertmanager.tell([alert("b")]);
    await desk.wait("the second alert", async () => (await desk.list("incidents"))[0]?.["signals"] === 2);
    const before = (await alertmanager.sent()).all;
    await desk.wait("two repetitions", async () => (await alertmanager.sent()).all >= before + 2);
    await desk.settle();
    expect(await desk.list("incidents")).toMatchObject([
      { status: "open", environment: "prod", severity: "sev2", signals: 2, services: ["esr-inbound"] },
    ]);

    const endsAt = new Date().toISOString();
    await alertmanager.tell([alert("a", { endsAt }), alert("b", { endsAt })]);
    await desk.wait("the end", async () => (await desk.list("incidents"))[0]?.["status"] === "resolved");
    await desk.settle();
    expect(await desk.list("incidents")).toMatchObject([{ status: "resolved", signals: 4 }]);
    expect((await alertmanager.sent()).failed).toBe(0);
    expect(await desk.list("refused")).toEqual([]);
    expect(postKeys(desk).filter((key) => key.endsWith(":header"))).toEqual(["incident:1:header"]);
    const [root] = rootsOf(desk, "ops");
    expect(root === undefined ? "" : desk.workspace.plain(root)).toContain("Nobody reads the inbound queue");
  },
);
