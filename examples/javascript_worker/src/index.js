// The Worker: one URL per parcel. The platform looks for the classes of objects among the exports of this module.

export { Desk } from "./desk.js";
export { Parcel } from "./parcel.js";

export default {
  async fetch(request, env) {
    const [, collection, number] = new URL(request.url).pathname.split("/");
    if (collection !== "parcels" || !number) return new Response("no such page", { status: 404 });

    const parcel = env.PARCEL.getByName(number);
    if (request.method === "POST") {
      const { place } = await request.json();
      return Response.json({ scans: await parcel.scan(place) }, { status: 201 });
    }
    const journey = await parcel.journey();
    return journey.length === 0 ? new Response("unknown parcel", { status: 404 }) : Response.json(journey);
  },
};
