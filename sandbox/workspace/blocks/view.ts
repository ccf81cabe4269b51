import type { Json } from "../contract.ts";
import { isJson } from "../json.ts";
import { createChecker, type Problem } from "./limits.ts";
import { validateBlocks } from "./validate.ts";

const MAX_VIEW_BYTES = 250_000;

/** Checks a modal or Home tab against Slack's limits; an empty list when it is fit. */
export function validateView(view: unknown): Problem[] {
  const check = createChecker();
  if (!isJson(view)) return [{ pointer: "/view", code: "invalid_type", message: "must provide an object" }];
  const type = view["type"];
  if (type !== "modal" && type !== "home") {
    check.fail("/view/type", "unsupported_type", `unsupported type: ${String(type)}`);
    return check.problems;
  }
  const at = "/view";
  check.string(view, "private_metadata", { max: 3000, at });
  check.string(view, "callback_id", { max: 255, at });
  check.string(view, "external_id", { max: 255, at });
  if (type === "modal") checkModal(view);
  if (JSON.stringify(view).length > MAX_VIEW_BYTES) check.fail(at, "view_too_large", "view is too large");
  return [...check.problems, ...validateBlocks(view["blocks"], "view", "/view/blocks")];

  function checkModal(modal: Json): void {
    check.text(modal, "title", { max: 24, at, plain: true });
    check.text(modal, "submit", { max: 24, at, plain: true, required: false });
    check.text(modal, "close", { max: 24, at, plain: true, required: false });
    const blocks = Array.isArray(modal["blocks"]) ? modal["blocks"] : [];
    const asks = blocks.some((block) => isJson(block) && block["type"] === "input");
    if (asks && !isJson(modal["submit"])) {
      check.fail(`${at}/submit`, "missing_field", "must provide a submit button when there are inputs");
    }
  }
}
