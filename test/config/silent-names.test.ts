import { expect, test } from "vitest";
import { parseCatalogue } from "../../src/config/load.ts";
import { plugins } from "../../src/plugins.ts";

const parse = (said: { aws?: string; group?: string; match?: string }) =>
  parseCatalogue(
    `
version: 1
environments: { prod: { aliases: [production] }, preprod: {} }
fallback: ops
sources:
  aws: { kind: aws, topics: ["arn:aws:sns:eu-west-2:111122223333:night"], environment: prod, environments: { "1": ${said.aws ?? "production"} } }
messages: [{ channel: ops, pattern: '(?<${said.group ?? "service"}>\\w+) was deployed', signal: deployed, environments: [prod] }]
routes: [{ match: { environment: ${said.match ?? "pre*"} }, channel: ops }]
gates: { rules: [{ match: { environments: [production, ${said.match ?? "pre*"}] }, auto: true }] }
`,
    { file: "nightdesk.yml", env: {}, plugins },
  );

test("a name that would quietly do nothing is told with the right one", () => {
  expect(parse({}).warnings).toEqual([]);
  expect(() => parse({ aws: "prd" })).toThrow(
    /aws.environments.*: there is no environment "prd"; did you mean "prod"\?/,
  );
  expect(parse({ group: "servce" }).warnings).toEqual([
    expect.stringContaining('nothing is read from a group "servce"; did you mean "service"?'),
  ]);
  expect(parse({ match: "prd" }).warnings).toEqual([
    expect.stringContaining('routes[0].match.environment: no environment is called "prd"; did you mean "prod"?'),
    expect.stringContaining('gates.rules[0].match.environments: no environment is called "prd"'),
  ]);
});
