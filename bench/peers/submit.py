# The peer's /submit: Flask takes a link, Celery puts a task into Redis, and that is all of it. No row, no rules,
# no fsync: what our requestMp3 is measured against.
import os

from celery import Celery
from flask import Flask, jsonify, request

app = Flask(__name__)
queue = Celery("peer", broker=os.environ["PEER_BROKER"])
queue.conf.task_ignore_result = True


@queue.task(name="convert")
def convert(url):
    pass


@app.post("/submit")
def submit():
    task = convert.delay(request.get_json()["url"])
    return jsonify(id=task.id)
