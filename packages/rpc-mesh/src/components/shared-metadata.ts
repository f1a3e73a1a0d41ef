import { secret, stringDuration } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

/** A text that may be left out. */
export const text = (description: string) => z.string().min(1).optional().meta({ description });

/** A secret text that may be left out. */
export const secretText = (description: string) =>
  secret({ minLength: 1 }).optional().meta({ description, secret: true, writeOnly: true });

/** Longest time that a registry may take to answer. */
export const callTimeout = () =>
  stringDuration("s")
    .default(5000)
    .meta({ description: "Longest time that the registry may take to answer" });
