/**
 * What a step of a deploy is: one command on the host, with all that is to be known of it. The executor knows no kinds
 * of steps; a new one is a function that makes such a value.
 */
import type { Message } from "../../messages/message.ts";
import type { Secret } from "../../system/secret.ts";
import type { BundleFile } from "../files/bundle-file.ts";
import type { Container } from "../host/containers.ts";
import type { StepErrorCode } from "../host/host-errors.ts";
import type { LayerState } from "../host/pull-progress.ts";
import type { Pace } from "../orchestrator/health.ts";
import type { Connection, RemoteCommand, RemoteOptions } from "../ssh/connection.ts";

/**
 * How far a deploy has come, which decides what a failure leaves: `staged` changes nothing that runs; while `starting`
 * the host goes on by itself when the connection drops; `placed` files are in their places; after `recorded` the
 * release runs.
 */
export type Phase = "staged" | "starting" | "placed" | "recorded";

/** What `verify` tells of an image. */
export interface ImageFact {
  readonly id: string;
  readonly platform: string;
  /** `REPOSITORY@DIGEST`. */
  readonly digests: readonly string[];
}

/** What steps find out for later ones. */
export interface Findings {
  /** In the order of the plan's images. */
  readonly images: readonly ImageFact[];
  /** What runs in the end. */
  readonly containers: readonly Container[];
}

/** What a step may need that is no part of the plan. */
export interface StepContext {
  readonly connection: Connection;
  readonly signal: AbortSignal | undefined;
  readonly pace: Pace | undefined;
  readonly password: Secret | undefined;
  /** The files to send, as a tar archive. */
  readonly archive: Buffer;
  readonly findings: Findings;
  /** Called with the services that are waited for, whenever they change. */
  readonly onWaiting: (services: readonly string[]) => void;
}

export interface DeployStep {
  /** A word for it, as `--json` shows it. */
  readonly kind: string;
  readonly title: Message;
  /** What runs on the host. */
  readonly command: RemoteCommand;
  readonly phase: Phase;
  /** The files that it sends. */
  readonly files?: readonly BundleFile[];
  /** The exit code after which the step is to be judged as `placed`. */
  readonly placedCode?: number;
  /** The error where no rule of `hostError` knows better. */
  readonly failure: StepErrorCode;
  /** What comes to the command's standard input. */
  readonly stdin?: (context: StepContext) => RemoteOptions["input"];
  /** What becomes of the command when we are gone. */
  readonly onDisconnect?: "end" | "finish";
  /** Such steps in a row run side by side. */
  readonly parallel?: true;
  /** What is run when the step fails in phase `staged`. */
  readonly cleanup?: RemoteCommand;
  /** What a line of the command's output tells of a layer that is pulled. */
  readonly readLayer?: (line: string) => LayerState | undefined;
  /** What the command's output tells. Throws where that ends the deploy. */
  readonly read?: (output: string) => Partial<Findings>;
  /** In place of running the command once. */
  readonly perform?: (context: StepContext) => Promise<Partial<Findings>>;
}
