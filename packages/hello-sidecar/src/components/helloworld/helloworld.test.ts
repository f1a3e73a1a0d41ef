import { testComponentContext } from "@layotto/sidecar-kit/testing";
import { greeterConformance } from "../../conformance.ts";
import { helloworld } from "./helloworld.ts";

greeterConformance("helloworld", {
  open: (hello) => helloworld.open({ hello }, testComponentContext()),
});
