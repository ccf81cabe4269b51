import { inject, onTestFinished } from "vitest";
import { type Desk, type DeskOptions, setDesk } from "./desk.ts";

/** A desk of its own for one test, with one `all` process unless `processes` says otherwise; gone when the test is over. */
export async function testDesk(options: Partial<DeskOptions> & { readonly processes?: 0 | 1 } = {}): Promise<Desk> {
  const { processes = 1, ...rest } = options;
  const desk = await setDesk({ server: inject("postgresUrl"), template: inject("template"), ...rest });
  onTestFinished(() => desk.close());
  if (processes === 1) await desk.open();
  return desk;
}
