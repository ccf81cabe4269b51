import { expect, test } from "vitest";
import { compose } from "../../../src/postmortem/compose.ts";
import type { Exporter, UploadToThread } from "../../../src/postmortem/exporters/contract.ts";
import { night } from "../../postmortem/told.ts";

const document = compose(night, "GMT");
const changed = compose({ ...night, ownerName: "Ben Okafor" }, "GMT");

/** What holds for every exporter. `make` gives a fresh one that publishes to a place of its own. */
export function exporterConformance(name: string, make: (upload: UploadToThread) => Promise<Exporter>): void {
  const noThread: UploadToThread = async () => null;

  test(`${name}: goes by its name and renders the same document to the same bytes`, async () => {
    const exporter = await make(noThread);
    expect(exporter.name).toBe(name);
    expect(exporter.render(compose(night, "GMT"))).toBe(exporter.render(document));
    expect(exporter.render(changed)).not.toBe(exporter.render(document));
  });

  test(`${name}: shows every section, and every gap as a gap`, async () => {
    const text = (await make(noThread)).render(document);
    for (const { title } of document.sections) expect(text).toContain(title);
    for (const { value } of document.header) if (value.kind === "gap") expect(text).toContain(value.ask);
  });

  test(`${name}: the first is version 1, the same again is unchanged, a change is the next version`, async () => {
    const { publish } = await make(noThread);
    const first = await publish(document, null);
    expect(first).toMatchObject({ version: 1, unchanged: false });
    const again = await publish(document, first);
    expect(again).toMatchObject({ version: 1, unchanged: true, sha256: first.sha256 });
    const next = await publish(changed, again);
    expect(next).toMatchObject({ version: 2, unchanged: false });
    expect(next.sha256).not.toBe(first.sha256);
  });

  test(`${name}: survives a thread that cannot be reached`, async () => {
    const { publish } = await make(() => Promise.reject(new Error("slack is down")));
    expect(await publish(document, null)).toMatchObject({ version: 1 });
  });
}
