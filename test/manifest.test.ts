import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { commands } from "../commands/index.ts";
import { ADD_TO_TIMELINE, EVENTS, type Manifest, manifestOf, REQUEST_URL, SCOPES } from "../src/command/manifest.ts";
import { generated, HOW_TO_WRITE } from "./helpers/write-generated.ts";

const root = new URL("../", import.meta.url);
const text = readFileSync(new URL("manifest.yml", root), "utf8");
const written: Manifest = parse(text);

describe("manifest.yml", () => {
  test("is what the list of commands makes of it", () => {
    expect(text, HOW_TO_WRITE).toBe(generated["manifest.yml"]);
    expect(written).toEqual(manifestOf(commands));
  });

  test("offers exactly the families that commands/ has, each with all its verbs", () => {
    const families = [...new Set(commands.map(({ family }) => `/${family}`))];
    expect(written.features.slash_commands.map(({ command }) => command)).toEqual(families);
    for (const { command, usage_hint } of written.features.slash_commands) {
      const verbs = commands.filter(({ family }) => `/${family}` === command).map(({ name }) => name);
      expect(usage_hint.split(" | ")).toEqual(verbs);
    }
  });

  test("asks for at most 13 scopes, each with its reason beside it", () => {
    const { bot, bot_optional } = written.oauth_config.scopes;
    expect(bot.length).toBeLessThanOrEqual(13);
    expect(new Set(bot).size).toBe(bot.length);
    for (const { name, because } of SCOPES) expect(text).toContain(`- ${name} # ${because}\n`);
    expect(bot_optional).toEqual(["groups:read", "groups:history", "usergroups:read", "users:read.email"]);
    expect(bot).toEqual(expect.arrayContaining([...bot_optional]));
  });

  test("subscribes to no event whose scope it does not ask for", () => {
    for (const { name, scope } of EVENTS) {
      expect(written.settings.event_subscriptions.bot_events).toContain(name);
      expect(written.oauth_config.scopes.bot).toContain(scope);
    }
  });

  test("has one request URL for everything", () => {
    const urls = text.match(/https:\S+/g);
    expect(new Set(urls)).toEqual(new Set([REQUEST_URL]));
    expect(written.features.shortcuts[0]?.callback_id).toBe(ADD_TO_TIMELINE);
  });

  test("keeps within Slack's limits", () => {
    const { display_information: shown, features } = written;
    expect(shown.name.length).toBeLessThanOrEqual(35);
    expect(shown.description.length).toBeLessThanOrEqual(140);
    expect(shown.long_description.length).toBeGreaterThanOrEqual(175);
    expect(shown.long_description.length).toBeLessThanOrEqual(4_000);
    for (const { command, description, usage_hint } of features.slash_commands) {
      expect(command).toMatch(/^\/[a-z]{1,31}$/);
      expect(description.length).toBeLessThanOrEqual(2_000);
      expect(usage_hint.length).toBeLessThanOrEqual(1_000);
    }
    for (const shortcut of features.shortcuts) {
      expect(shortcut.name.length).toBeLessThanOrEqual(24);
      expect(shortcut.description.length).toBeLessThanOrEqual(150);
    }
  });

  const samples = process.env["NIGHTDESK_SAMPLES"];
  test.runIf(samples !== undefined)("is valid against Slack's schema 2.0.0", () => {
    const schema: object = JSON.parse(readFileSync(`${samples}/slack/manifest.schema.2.0.0.json`, "utf8"));
    const validate = formats.default(new Ajv({ strict: false, allErrors: true })).compile(schema);
    expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
    const broken = { ...written, features: { ...written.features, slash_commands: [{ command: "no slash" }] } };
    expect(validate(broken)).toBe(false);
  });
});
