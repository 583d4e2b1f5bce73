-- The page at /__sim/: the simulated subscription, live. Plain HTML without any asset; every text of the subscription
-- is put into it as text, never as markup.
return [==[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated Azure</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
  h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
  h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
  p { margin: 0 0 .5rem; }
  table { border-collapse: collapse; width: 100%; }
  caption { text-align: left; font-size: .85rem; padding-bottom: .25rem; }
  th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  td { overflow-wrap: break-word; }
  td code { overflow-wrap: anywhere; }
  th { font-weight: 600; white-space: nowrap; }
  code { font: .85rem/1.4 ui-monospace, monospace; }
  progress { width: 8rem; vertical-align: middle; }
</style>
</head>
<body>
<header>
  <h1>Simulated Azure</h1>
  <p id="about" role="status">Loading.</p>
  <noscript><p>This page needs JavaScript; <a href="/__sim/overview">the same as JSON</a> does not.</p></noscript>
</header>
<main>
  <h2 id="clusters-title">Clusters</h2>
  <div id="clusters"></div>
  <h2 id="groups-title">Resource groups</h2>
  <div id="groups"></div>
  <h2 id="networks-title">Virtual networks</h2>
  <div id="networks"></div>
  <h2 id="requests-title">Last requests</h2>
  <div id="requests"></div>
</main>
<script>
"use strict";
const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children.filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : document.createTextNode(String(child))));
  return made;
};

const table = (id, headings, rows) => {
  const place = document.getElementById(id);
  if (rows.length === 0) {
    place.replaceChildren(element("p", "None."));
    return;
  }
  const head = element("tr", ...headings.map((heading) => {
    const cell = element("th", heading);
    cell.scope = "col";
    return cell;
  }));
  const made = element("table", element("thead", head),
    element("tbody", ...rows.map((row) => element("tr", ...row.map((cell) => element("td", cell))))));
  made.setAttribute("aria-labelledby", id + "-title");
  place.replaceChildren(made);
};

const code = (text) => element("code", text);

const meter = (value, text) => {
  const bar = element("progress");
  bar.max = 1;
  bar.value = value;
  bar.setAttribute("aria-label", text);
  return element("span", bar, " ", text);
};

const standing = (cluster) => cluster.step
  ? element("span", cluster.state, ": ", meter(cluster.progress, cluster.step)) : cluster.state;

const mode = (cluster) => (cluster.private ? "private" : "public") + (cluster.integrated ? ", integrated" : "");

const show = (now) => {
  document.getElementById("about").textContent =
    `Subscription ${now.subscription}, ${now.time}, ${now.speed} times as fast as Azure.`;
  table("clusters", ["Name", "Group", "State", "Power", "Mode", "Nodes", "Kubernetes", "Host"], now.clusters.map((c) =>
    [c.name, c.group, standing(c), c.power, mode(c), c.nodes, c.version, code(c.host || "")]));
  table("groups", ["Name", "Region", "State", "Made by"], now.groups.map((g) =>
    [g.name, g.location, g.state, g.managed ? "AKS" : "user"]));
  table("networks", ["Network", "Group", "State", "Subnet", "Prefix", "Addresses in use", "Delegated to"],
    now.vnets.flatMap((v) => v.subnets.length === 0
      ? [[v.name, v.group, v.state, "", code(v.prefixes.join(", ")), "", ""]]
      : v.subnets.map((s) => [v.name, v.group, v.state, s.name, code(s.prefix),
        s.usable ? meter(Math.min(1, s.used / s.usable), `${s.used} of ${s.usable}`) : s.used,
        (s.delegation || "") + (s.linked ? " (in use)" : "")])));
  table("requests", ["Number", "Method", "Path", "Status"], now.requests.map((r) =>
    [r.n, r.method, code(r.path), r.status === 0 ? "reset" : r.status]));
};

const look = async () => {
  try {
    const answer = await fetch("/__sim/overview", { cache: "no-store" });
    show(await answer.json());
  } catch (problem) {
    document.getElementById("about").textContent = "The simulator does not answer.";
  }
  setTimeout(look, 1000);
};
look();
</script>
</body>
</html>
]==]
