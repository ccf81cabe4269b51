import { validateBlocks } from "../blocks/validate.ts";
import { validateView } from "../blocks/view.ts";
import type { Json } from "../contract.ts";
import { object } from "../json.ts";
import { type Call, invalidArguments, type Method, TIER } from "./call.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import { markMethods } from "./marks.ts";
import { peopleMethods } from "./people.ts";
import { viewMethods } from "./views.ts";

/** Every Web API method that the twin has. */
export const methods: Readonly<Record<string, Method>> = {
  "api.test": { perMinute: TIER[4], token: "none", run: () => ({}) },
  "auth.test": { perMinute: 600, run: authTest },
  "apps.connections.open": { perMinute: TIER[1], token: "app", run: (call) => ({ url: call.twin.socket.ticket() }) },
  "blocks.validate": { perMinute: TIER[3], run: validate },
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...markMethods,
  ...peopleMethods,
  ...viewMethods,
};

function authTest(call: Call): Json {
  const { url, team, app } = call.twin.state;
  return {
    url: `${url}/`,
    team: team.name,
    user: app.name,
    team_id: team.id,
    user_id: app.botUserId,
    bot_id: app.botId,
    is_enterprise_install: false,
  };
}

function validate({ args }: Call): Json {
  const view = args.json("view");
  const blocks = args.has("blocks") ? args.json("blocks") : object(args.json("message"))["blocks"];
  if (view === undefined && blocks === undefined)
    throw invalidArguments("[ERROR] must provide blocks, message or view");
  const problems = view === undefined ? validateBlocks(blocks, "message") : validateView(view);
  return problems.length === 0 ? {} : { ok: false, error: "invalid_blocks", errors: problems };
}
