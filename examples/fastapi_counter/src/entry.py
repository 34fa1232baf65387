from typing import Annotated

import asgi
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, PositiveInt
from workers import DurableObject, WorkerEntrypoint

app = FastAPI()
app.state.served = 0  # by this isolate; no place for anything that must last


class Step(BaseModel):
    by: PositiveInt = 1


class Counter(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.steps = 0  # that this instance has made; gone when it is evicted

    async def count(self, by):
        total = await self.total() + by
        await self.ctx.storage.put("total", total)
        self.steps += 1
        return total

    async def total(self):
        return await self.ctx.storage.get("total") or 0

    async def steps_made(self):
        return self.steps


def counter(req: Request, name: str):
    return req.scope["env"].COUNTER.getByName(name)


@app.middleware("http")
async def note_request(req: Request, answer):
    app.state.served += 1
    return await answer(req)


@app.get("/counters/{name}")
async def show(name: str, req: Request):
    return {"name": name, "total": await counter(req, name).total()}


@app.post("/counters/{name}", status_code=201)
async def count(name: str, step: Step, req: Request):
    if step.by > req.scope["env"].LARGEST_STEP:
        raise HTTPException(409, "one step at a time")
    return {"name": name, "total": await counter(req, name).count(step.by)}


@app.get("/export")
async def export(req: Request, name: Annotated[list[str], Query()]):
    async def lines():
        for each in name:
            yield f"{each},{await counter(req, each).total()}\n"

    return StreamingResponse(lines(), media_type="text/csv")


@app.get("/served")
def served():
    return app.state.served


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request, self.env)
