import { messageOf } from "../../base/errors.ts";
import type { Http } from "../../base/http.ts";
import type { Logger } from "../../base/log.ts";

/** Says something to whoever pressed or typed, through the response URL of that act. Never throws: it is a courtesy. */
export type Respond = (responseUrl: string | undefined, text: string) => Promise<void>;

const WITHIN_MS = 3_000;

export function createRespond(http: Http, log: Logger): Respond {
  return async (responseUrl, text) => {
    if (responseUrl === undefined) return;
    try {
      await http({
        method: "POST",
        url: responseUrl,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ response_type: "ephemeral", replace_original: false, text }),
        timeoutMs: WITHIN_MS,
      });
    } catch (error) {
      log.warn({ error: messageOf(error) }, "a response URL could not be used");
    }
  };
}
