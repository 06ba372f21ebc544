/* A whole incident through the generated types: node life.ts PORTAL DESK_TOKEN ENGINEER_TOKEN */
import createClient from "openapi-fetch";
import type { paths } from "./itsm.d.ts";

const [portal, deskToken, engineerToken] = process.argv.slice(2);
const client = (token: string) =>
  createClient<paths>({ baseUrl: portal, headers: { Authorization: `Bearer ${token}` } });

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const desk = client(deskToken);
const engineer = client(engineerToken);
const body = { summary: "Disk full", impact: "I4", source: "phone" };
const made = given(await desk.POST("/api/v1/incidents/", { body }));
const params = { path: { number: made.number } };
given(await desk.POST("/api/v1/incidents/{number}/actions/assign/", { params, body: { group: "host" } }));
const seen = await engineer.GET("/api/v1/incidents/{number}/", { params });
const header = { "If-Match": seen.response.headers.get("ETag") ?? "" };
const claim = { params: { ...params, header }, body: {} };
const claimed = given(await engineer.POST("/api/v1/incidents/{number}/actions/claim/", claim));
if (claimed.assignee?.username !== "engineer") throw new Error(JSON.stringify(claimed));
const stale = await engineer.POST("/api/v1/incidents/{number}/actions/start/", claim);
if (stale.error?.status !== 412) throw new Error(JSON.stringify(stale));
given(await engineer.POST("/api/v1/incidents/{number}/actions/start/", { params, body: {} }));
const said = { text: "On it." };
given(await engineer.POST("/api/v1/incidents/{number}/comments/", { params, body: said }));
const how = { cause: "Logs", handling: "Rotated", close_code: "tier1", verified_how: "tested" as const };
const resolved = given(await engineer.POST("/api/v1/incidents/{number}/actions/resolve/", { params, body: how }));
if (resolved.state.code !== "resolved") throw new Error(JSON.stringify(resolved));
const query = { state: ["resolved" as const], expand: ["description" as const] };
const found = given(await desk.GET("/api/v1/incidents/", { params: { query } }));
console.log(made.number, found.results[0].number, found.results[0].impact?.code);
