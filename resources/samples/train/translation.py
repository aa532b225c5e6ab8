"""Train the travel phrase translator (English to Chinese) and export encoder, decoder and decoder with past, with tokenizer and data.

usage: translation.py OUT_DIR [STEPS]
Needs torch and numpy (Debian: python3-torch). About 10 minutes on two busy cores. Phrases come from the patterns below.

encoder: input_ids, attention_mask int64 [batch, source] -> encoder_hidden [batch, source, 96].
decoder: input_ids [batch, target], encoder_hidden, encoder_mask -> logits of the next token [batch, vocabulary], then keys and values of
each layer [batch, heads, target, 24]. decoder-with-past takes one token and these, and gives them back one longer; the keys and values of
the encoder's output do not change and go from the decoder's first run into all others.
"""
import json
import os
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from intent import WordPiece

WIDTH, HEADS, LAYERS, SOURCE, TARGET = 96, 4, 2, 20, 24
START, END = 2, 3
NOUNS = [("water", "水"), ("coffee", "咖啡"), ("tea", "茶"), ("the bill", "账单"), ("a taxi", "出租车"), ("a map", "地图"), ("a doctor", "医生"), ("help", "帮助"), ("a ticket", "票"), ("a room", "房间"), ("the menu", "菜单"), ("rice", "米饭"), ("noodles", "面条"), ("beer", "啤酒"), ("an umbrella", "雨伞"), ("a receipt", "收据"), ("breakfast", "早餐"), ("a towel", "毛巾"), ("fruit", "水果"), ("a blanket", "毯子")]
PLACES = [("the station", "火车站"), ("the airport", "机场"), ("the hotel", "酒店"), ("the museum", "博物馆"), ("the hospital", "医院"), ("the bank", "银行"), ("the market", "市场"), ("the toilet", "洗手间"), ("the pharmacy", "药店"), ("the park", "公园"), ("the police", "警察局"), ("the bus stop", "公交车站"), ("the beach", "海滩"), ("the restaurant", "餐厅"), ("the old town", "老城"), ("the library", "图书馆")]
TIMES = [("today", "今天"), ("tomorrow", "明天"), ("tonight", "今晚"), ("on monday", "星期一"), ("on friday", "星期五"), ("in the morning", "早上"), ("in the evening", "晚上"), ("next week", "下周"), ("at noon", "中午"), ("now", "现在")]
NUMBERS = [("one", "一"), ("two", "两"), ("three", "三"), ("four", "四"), ("five", "五"), ("six", "六"), ("seven", "七"), ("eight", "八"), ("nine", "九"), ("ten", "十")]
PEOPLE = [("i", "我"), ("we", "我们"), ("my friend", "我朋友"), ("my wife", "我妻子"), ("my son", "我儿子"), ("my parents", "我父母"), ("the children", "孩子们")]
STATES = [("tired", "累"), ("hungry", "饿"), ("thirsty", "渴"), ("ill", "不舒服"), ("cold", "冷"), ("happy", "高兴"), ("lost", "迷路")]
# {n} noun, {p} place, {t} time, {k} number, {w} person, {s} state. Chinese puts them in an order of its own.
PATTERNS = [
    ("where is {p}", "{p}在哪里"), ("how do i get to {p}", "去{p}怎么走"), ("how far is {p} from {q}", "{p}离{q}多远"), ("i would like {n} please", "请给我{n}"),
    ("{w} would like {n} and {m}", "{w}想要{n}和{m}"), ("do you have {n}", "你们有{n}吗"), ("how much is {n}", "{n}多少钱"), ("{w} need {n} {t}", "{w}{t}需要{n}"),
    ("when does the train to {p} leave {t}", "{t}去{p}的火车几点开"), ("is {p} open {t}", "{p}{t}开门吗"), ("{w} want to go to {p} {t}", "{w}{t}想去{p}"), ("please take {w} to {p}", "请带{w}去{p}"),
    ("a table for {k} people {t}", "{t}{k}个人的桌子"), ("we stay for {k} nights", "我们住{k}个晚上"), ("the bus to {p} leaves in {k} minutes", "去{p}的公交车{k}分钟后开"), ("can you bring {n} to {p}", "你能把{n}送到{p}吗"),
    ("there is no {n} in {p}", "{p}没有{n}"), ("{w} lost {n} in {p}", "{w}在{p}丢了{n}"), ("what time is it {t}", "{t}几点了"), ("thank you for {n}", "谢谢你的{n}"),
    ("please wait {k} minutes in {p}", "请在{p}等{k}分钟"), ("is there {n} near {p}", "{p}附近有{n}吗"), ("{w} will meet you in {p} {t}", "{w}{t}在{p}和你见面"), ("{k} tickets to {p} please", "请给我{k}张去{p}的票"),
    ("{w} forgot {n} in {p} {t}", "{w}{t}把{n}忘在{p}了"), ("we are {s} and want {n}", "我们{s}了想要{n}"), ("are you {s}", "你{s}吗"), ("i am very {s} {t}", "我{t}很{s}"), ("good morning where can i buy {n}", "早上好哪里可以买{n}"),
]
VALUES = {"n": NOUNS, "m": NOUNS, "p": PLACES, "q": PLACES, "t": TIMES, "k": NUMBERS, "w": PEOPLE, "s": STATES}


def phrase(rng):
    english, chinese = rng.choice(PATTERNS)
    for key, values in VALUES.items():
        if "{" + key + "}" in english:
            source, target = rng.choice(values)
            english, chinese = english.replace("{" + key + "}", source), chinese.replace("{" + key + "}", target)
    return english, chinese


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)

    def keys(self, x):
        return self.split(self.key(x)), self.split(self.value(x))

    def forward(self, x, keys, bias):
        scores = self.split(self.query(x)) @ keys[0].transpose(2, 3) * (WIDTH // HEADS) ** -0.5 + bias
        return self.out((F.softmax(scores, -1) @ keys[1]).transpose(1, 2).reshape(x.shape[0], x.shape[1], WIDTH))


class Block(nn.Module):
    def __init__(self, cross):
        super().__init__()
        self.own, self.cross = Attention(), Attention() if cross else None
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.up, self.down = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(3 * WIDTH, WIDTH)

    def forward(self, x, own, bias, cross=None, cross_bias=None):
        x = self.norms[0](x + self.own(x, own, bias))
        if self.cross is not None:
            x = self.norms[1](x + self.cross(x, cross, cross_bias))
        return self.norms[2](x + self.down(F.relu(self.up(x))))


def mask_bias(mask):
    return (1.0 - mask[:, None, None, :].float()) * -10000.0


class Encoder(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(SOURCE, WIDTH)
        self.blocks = nn.ModuleList(Block(False) for _ in range(LAYERS))

    def forward(self, input_ids, attention_mask):
        x = self.words(input_ids) + self.places(torch.arange(input_ids.shape[1]))
        for block in self.blocks:
            x = block(x, block.own.keys(x), mask_bias(attention_mask))
        return x


class Decoder(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(TARGET, WIDTH)
        self.blocks = nn.ModuleList(Block(True) for _ in range(LAYERS))
        self.out = nn.Linear(WIDTH, vocabulary)

    def all_steps(self, input_ids, hidden, encoder_mask):
        length = input_ids.shape[1]
        causal = torch.triu(torch.full((length, length), -10000.0), 1)
        x, kept = self.words(input_ids) + self.places(torch.arange(length)), []
        for block in self.blocks:
            own, cross = block.own.keys(x), block.cross.keys(hidden)
            x = block(x, own, causal, cross, mask_bias(encoder_mask))
            kept += [*own, *cross]
        return self.out(x), kept

    def forward(self, input_ids, encoder_hidden, encoder_mask):
        logits, kept = self.all_steps(input_ids, encoder_hidden, encoder_mask)
        return (logits[:, -1], *kept)


class DecoderWithPast(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids, encoder_mask, *past):
        place = past[0].shape[2]
        x, kept = self.decoder.words(input_ids) + self.decoder.places(torch.zeros_like(input_ids) + place), []
        for at, block in enumerate(self.decoder.blocks):
            key, value, cross_key, cross_value = past[4 * at: 4 * at + 4]
            new_key, new_value = block.own.keys(x)
            own = torch.cat([key, new_key], 2), torch.cat([value, new_value], 2)
            x = block(x, own, torch.zeros(()), (cross_key, cross_value), mask_bias(encoder_mask))
            kept += [*own]
        return (self.decoder.out(x[:, -1]), *kept)


def pad(ids, length):
    return ids[:length] + [0] * (length - len(ids))


def main():
    out = sys.argv[1]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    torch.set_num_threads(1)
    torch.manual_seed(9)
    rng, test_rng = random.Random(9), random.Random(99)
    training = list({phrase(rng) for _ in range(30000)})
    training.sort()
    seen = set(training)
    test = []
    while len(test) < 300:
        pair = phrase(test_rng)
        if pair not in seen and pair not in test:
            test.append(pair)
    units = lambda text: [(word, "O") for word in text.split()]
    tokenizer = WordPiece([units(text) for pair in training for text in pair])
    ids_of = lambda text: [i for word in text.split() for i in tokenizer.pieces(word)]
    encode = lambda pairs: (torch.tensor([pad([START] + ids_of(e)[: SOURCE - 2] + [END], SOURCE) for e, _ in pairs]),
                            torch.tensor([pad([START] + ids_of(c)[: TARGET - 2] + [END], TARGET) for _, c in pairs]))
    source, target = encode(training)
    encoder, decoder = Encoder(len(tokenizer.vocab)), Decoder(len(tokenizer.vocab))
    print("vocabulary", len(tokenizer.vocab), "phrases", len(training), flush=True)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    for step in range(steps):
        pick = torch.randint(len(source), (64,))
        mask = (source[pick] > 0).long()
        logits, _ = decoder.all_steps(target[pick][:, :-1], encoder(source[pick], mask), mask)
        loss = F.cross_entropy(logits.transpose(1, 2), target[pick][:, 1:], ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 4), flush=True)
    encoder.eval(), decoder.eval()
    test_source, test_target = encode(test)
    test_mask = (test_source > 0).long()
    with torch.no_grad():
        hidden = encoder(test_source, test_mask)
        said = torch.full((len(test), 1), START)
        for _ in range(TARGET - 1):
            said = torch.cat([said, decoder(said, hidden, test_mask)[0].argmax(1, keepdim=True)], 1)
    words = lambda row: "".join(tokenizer.vocab[i] for i in row[1:].tolist()[: (row[1:].tolist() + [END]).index(END)])
    texts = [words(row) for row in said]
    print("whole phrases right", np.mean([text == c for text, (_, c) in zip(texts, test)]))
    export(out, encoder, decoder, (test_source, test_mask, hidden))
    with open(f"{out}/tokenizer.json", "w") as file:
        json.dump({**tokenizer.json(), "truncation": {"direction": "Right", "max_length": SOURCE, "strategy": "LongestFirst", "stride": 0}, "padding": None}, file, ensure_ascii=False, indent=0)
    with open(f"{out}/phrases.json", "w") as file:
        json.dump([{"text": e, "label": c} for e, c in test], file, ensure_ascii=False, indent=0)
    prefix = 5
    long = (test_target > 0).sum(1) > prefix + 1
    # One prefix of five tokens for each phrase; the label is the token that follows.
    np.savez_compressed(f"{out}/evaluation.npz", input_ids=test_target[long][:, :prefix].numpy(), encoder_hidden=hidden[long].numpy().astype(np.float16),
                        encoder_mask=test_mask[long].numpy(), label=test_target[long][:, prefix].numpy())
    train_mask = (source[:64] > 0).long()
    with torch.no_grad():
        np.savez_compressed(f"{out}/calibration.npz", input_ids=target[:64, :prefix].numpy(), encoder_hidden=encoder(source[:64], train_mask).numpy(), encoder_mask=train_mask.numpy())
    np.savez_compressed(f"{out}/calibration-encoder.npz", input_ids=source[:64].numpy(), attention_mask=train_mask.numpy())


def export(out, encoder, decoder, example):
    os.makedirs(out, exist_ok=True)
    source, mask, hidden = (part[:1] for part in example)
    options = {"opset_version": 17}
    torch.onnx.export(encoder, (source, mask), f"{out}/encoder.onnx", input_names=["input_ids", "attention_mask"], output_names=["encoder_hidden"],
                      dynamic_axes={name: {0: "batch", 1: "source"} for name in ("input_ids", "attention_mask", "encoder_hidden")}, **options)
    names = [f"{kind}_{part}.{layer}" for layer in range(LAYERS) for kind in ("own", "cross") for part in ("key", "value")]
    axes = lambda prefix, own: {f"{prefix}.{n}": {0: "batch", 2: own if n.startswith("own") else "source"} for n in names}
    tokens = torch.tensor([[START, 10, 11]])
    torch.onnx.export(decoder, (tokens, hidden, mask), f"{out}/decoder.onnx", input_names=["input_ids", "encoder_hidden", "encoder_mask"],
                      output_names=["logits"] + [f"present.{n}" for n in names],
                      dynamic_axes={"input_ids": {0: "batch", 1: "target"}, "encoder_hidden": {0: "batch", 1: "source"}, "encoder_mask": {0: "batch", 1: "source"}, "logits": {0: "batch"}, **axes("present", "target")}, **options)
    with torch.no_grad():
        past = decoder(tokens, hidden, mask)[1:]
    own = [n for n in names if n.startswith("own")]
    torch.onnx.export(DecoderWithPast(decoder), (tokens[:, :1], mask, *past), f"{out}/decoder-with-past.onnx", input_names=["input_ids", "encoder_mask"] + [f"past.{n}" for n in names],
                      output_names=["logits"] + [f"present.{n}" for n in own],
                      dynamic_axes={"input_ids": {0: "batch"}, "encoder_mask": {0: "batch", 1: "source"}, "logits": {0: "batch"}, **axes("past", "past"),
                                    **{f"present.{n}": {0: "batch", 2: "present"} for n in own}}, **options)


if __name__ == "__main__":
    main()
