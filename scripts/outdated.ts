import "../lib/cli/node-version.ts";
import { openConfigured } from "../lib/engine/session.ts";
import { findNewer } from "../lib/mirror/outdated.ts";
import { prepareSelection } from "../lib/mirror/prepare.ts";
import { command } from "../lib/cli/command.ts";
import { withSpinner } from "../lib/cli/spinner.ts";
import { outlookFinding, outlookJson, outlookLines } from "../lib/cli/report/verify.ts";

await command("outdated", async ({ config, terminal, signal, recorder }) => {
  const { selection } = await prepareSelection(config);
  const registries = await openConfigured(config);
  try {
    const sources = selection.mirrored.map(({ source }) => source);
    const { sourceMirrors } = config;
    const outlooks = await withSpinner(terminal, terminal.text("askingRegistries"), () =>
      findNewer(sources, { registries, sourceMirrors, signal }),
    );
    const images = selection.mirrored.map(({ uses: [{ image, services }] }, index) => ({
      image,
      services,
      outlook: outlooks[index]!,
    }));
    const count = (status: (typeof outlooks)[number]["status"]): number =>
      outlooks.filter((outlook) => outlook.status === status).length;
    for (const image of images) recorder.finding(outlookFinding(terminal, image));
    if (config.json) terminal.json(images.map((each) => outlookJson(terminal, each)));
    else for (const line of outlookLines(terminal, images)) terminal.result(line);
    for (const { image, outlook } of images) {
      if (outlook.status === "failed") terminal.note(`✖ ${image}\n${terminal.explain(outlook.error)}`);
    }
    const counts = { outdated: count("outdated"), current: count("current"), unversioned: count("unversioned") };
    terminal.note(terminal.text("outdatedSummary", counts));
    return count("failed") === 0;
  } finally {
    registries.close();
  }
});
