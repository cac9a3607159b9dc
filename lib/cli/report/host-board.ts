/** What is drawn while a deploy works on one host: its step, or how far its pulls have come. */
import type { DeployStage } from "../../deploy/deploy.ts";
import { Pulls } from "../../deploy/host/pull-progress.ts";
import type { DeployStep } from "../../deploy/plan/step.ts";
import { formatBytes } from "../../messages/format.ts";
import type { Terminal } from "../output.ts";
import type { Detail } from "../pipeline.ts";
import { stepTitle } from "./deploy-plan.ts";

/** Lines of a pull that only repeat what is pulled: `1.27: Pulling from team/nginx`, and the reference at the end. */
const NAMES_IMAGE = /Pulling from |^\S*$/;

export class HostBoard {
  readonly #terminal: Terminal;
  /** Pulls under way, with the last line of each that tells of no layer. */
  readonly #pulling = new Map<DeployStep, string>();
  #pulls = new Pulls(new Map());
  #images = 0;
  /** When the first pull began, in milliseconds since 1970. */
  #since = 0;
  #live = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Takes a stage in; `live` is what it shows by itself. */
  take(stage: DeployStage, live: string | undefined): void {
    if (live !== undefined) this.#live = live;
    if (stage.kind === "planned") {
      this.#pulls = new Pulls(stage.layerSizes);
      this.#images = stage.plan.steps.filter(({ kind }) => kind === "pull").length;
    }
    if (!("step" in stage) || stage.step.kind !== "pull") return;
    if (stage.kind === "started") {
      this.#since ||= Date.now();
      this.#pulling.set(stage.step, "");
    } else if (stage.kind === "line" && !NAMES_IMAGE.test(stage.line)) this.#pulling.set(stage.step, stage.line);
    else if (stage.kind === "layer") this.#pulls.heard(stage.layer);
    else if (stage.kind === "finished") {
      this.#pulling.delete(stage.step);
      this.#pulls.finishedImage();
    }
  }

  summary(): string {
    if (this.#pulling.size === 0) return this.#live;
    const { images, done, layers, bytes, total } = this.#pulls.state;
    const count = this.#terminal.text("pullCount", { done: images, total: this.#images });
    if (bytes === undefined || total === undefined) {
      return layers === 0 ? count : `${count} · ${this.#terminal.text("pullLayers", { done, total: layers })}`;
    }
    const seconds = Math.max(1, Date.now() - this.#since) / 1000;
    return [
      count,
      this.#terminal.text("pullBytes", { bytes, total }),
      ...(bytes === 0 ? [] : [this.#terminal.text("pullSpeed", { speed: `${formatBytes(bytes / seconds)}/s` })]),
    ].join(" · ");
  }

  /** The images that are pulled now. */
  rows(): readonly Detail[] {
    return [...this.#pulling].map(([step, line]) => ({
      text: `  ${stepTitle(this.#terminal, step)}  ${line}`.trimEnd(),
      dim: true,
    }));
  }
}
