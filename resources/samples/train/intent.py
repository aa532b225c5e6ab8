"""Train the voice assistant's intent and slot models, teacher and distilled student, and export them with tokenizer and data.

usage: intent.py OUT_DIR [TEACHER_STEPS] [STUDENT_STEPS]
Needs torch and numpy (Debian: python3-torch). About 12 minutes on two busy cores.
"""
import json
import os
import random
import re
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

LENGTH = 24
INTENTS = ["set_alarm", "set_timer", "play_music", "weather", "call", "message", "navigate", "open_app", "lights", "volume", "photo", "small_talk"]
SLOTS = ["time", "duration", "song", "city", "date", "contact", "text", "place", "app", "room", "switch", "level"]
TAGS = ["O"] + [f"{prefix}-{slot}" for slot in SLOTS for prefix in ("B", "I")]

# {slot} stands for a value of that slot.
TEMPLATES = {
    "en": {
        "set_alarm": ["wake me up at {time}", "set an alarm for {time}", "set an alarm for {time} {date}", "please wake me {date} at {time}", "alarm at {time}", "i need to get up at {time}"],
        "set_timer": ["set a timer for {duration}", "timer {duration}", "count down {duration}", "remind me in {duration}", "start a {duration} timer please"],
        "play_music": ["play {song}", "i want to hear {song}", "put on {song}", "play the song {song} please", "could you play {song} in the {room}"],
        "weather": ["what is the weather in {city}", "will it rain in {city} {date}", "weather for {date}", "how warm will it be {date} in {city}", "do i need an umbrella {date}", "is it cold in {city}"],
        "call": ["call {contact}", "please ring {contact}", "phone {contact} now", "i want to talk to {contact}", "give {contact} a call"],
        "message": ["tell {contact} {text}", "send {contact} a message saying {text}", "text {contact} {text}", "write to {contact} that {text}"],
        "navigate": ["take me to {place}", "how do i get to {place}", "navigate to {place} in {city}", "where is the next {place}", "drive to {place}", "show me the way to {place}"],
        "open_app": ["open {app}", "start {app}", "launch the {app} app", "go to {app} please", "show me {app}"],
        "lights": ["turn {switch} the lights in the {room}", "turn the {room} lights {switch}", "lights {switch}", "switch {switch} the {room} lamp", "{room} light {switch} please"],
        "volume": ["set the volume to {level}", "volume {level}", "turn the sound to {level}", "make it {level} loud", "change the volume to {level} please"],
        "photo": ["take a photo", "take a picture of me", "open the camera and take a picture", "selfie please", "shoot a photo now"],
        "small_talk": ["how are you", "tell me a joke", "what is your name", "thank you very much", "good morning", "you are funny", "sing something for me", "who made you", "never mind"],
    },
    "zh": {
        "set_alarm": ["{time}叫我起床", "定一个{time}的闹钟", "{date}{time}叫醒我", "帮我设置{date}{time}的闹钟", "闹钟{time}", "我要{time}起床"],
        "set_timer": ["倒计时{duration}", "定时{duration}", "{duration}后提醒我", "帮我计时{duration}", "设一个{duration}的定时器"],
        "play_music": ["播放{song}", "我想听{song}", "来一首{song}", "放一下{song}", "在{room}播放{song}"],
        "weather": ["{city}天气怎么样", "{date}{city}会下雨吗", "{date}天气如何", "{city}{date}多少度", "{date}要带伞吗", "{city}冷不冷"],
        "call": ["打电话给{contact}", "呼叫{contact}", "给{contact}打个电话", "我想和{contact}通话", "拨打{contact}的电话"],
        "message": ["告诉{contact}{text}", "给{contact}发消息说{text}", "发短信给{contact}{text}", "跟{contact}说{text}"],
        "navigate": ["导航到{place}", "怎么去{place}", "带我去{city}的{place}", "最近的{place}在哪里", "去{place}怎么走", "开车去{place}"],
        "open_app": ["打开{app}", "启动{app}", "帮我打开{app}", "进入{app}", "我要用{app}"],
        "lights": ["{switch}{room}的灯", "把{room}的灯{switch}", "{switch}灯", "{room}灯{switch}", "请{switch}{room}的台灯"],
        "volume": ["音量调到{level}", "把声音调到{level}", "音量{level}", "声音开到{level}", "请把音量设为{level}"],
        "photo": ["拍张照片", "给我拍一张照", "打开相机拍照", "来张自拍", "拍照"],
        "small_talk": ["你好吗", "讲个笑话", "你叫什么名字", "谢谢你", "早上好", "你真有趣", "唱首歌给我听", "谁创造了你", "没事了"],
    },
}
HOURS = "one two three four five six seven eight nine ten eleven twelve".split()
VALUES = {
    "en": {
        "time": [f"{h} {p}".strip() for h in HOURS for p in ("o'clock", "thirty", "am", "pm", "fifteen", "in the morning", "")] + ["half past " + h for h in HOURS] + ["noon", "midnight"],
        "duration": [f"{n} {u}" for n in HOURS + ["twenty", "thirty", "forty five", "ninety"] for u in ("minutes", "seconds", "hours")] + ["half an hour", "an hour"],
        "song": ["yesterday", "blue moon", "river of light", "dancing in the rain", "summer song", "the long road", "silent night", "city of stars", "paper boats", "slow train home", "golden hour", "little bird", "northern sky", "coffee and jazz", "ocean drive"],
        "city": ["london", "paris", "beijing", "shanghai", "new york", "berlin", "tokyo", "madrid", "cape town", "sydney", "boston", "oslo", "shenzhen", "rome", "cairo"],
        "date": ["today", "tomorrow", "on monday", "on friday", "this weekend", "next week", "on sunday", "tonight", "on tuesday", "the day after tomorrow"],
        "contact": ["mum", "dad", "anna", "peter", "doctor lee", "my sister", "grandma", "john smith", "the office", "maria", "uncle bob", "wang wei", "lucy", "my boss"],
        "text": ["i will be late", "dinner is ready", "see you soon", "i am on my way", "happy birthday", "the meeting is over", "please call me back", "i love you", "buy some milk", "we are home"],
        "place": ["the station", "the airport", "a pharmacy", "home", "work", "the museum", "a gas station", "the hospital", "a supermarket", "the central park", "a good restaurant", "the library"],
        "app": ["maps", "calendar", "camera", "email", "the browser", "settings", "notes", "the calculator", "photos", "music", "contacts", "the clock"],
        "room": ["kitchen", "bedroom", "living room", "bathroom", "office", "garage", "hall", "garden"],
        "switch": ["on", "off"],
        "level": ["ten percent", "fifty percent", "thirty", "maximum", "half", "eighty percent", "twenty", "minimum", "sixty"],
    },
    "zh": {
        "time": [f"{p}{h}点{m}" for p in ("", "早上", "下午", "晚上") for h in "一 两 三 四 五 六 七 八 九 十 十一 十二".split() for m in ("", "半", "一刻", "二十")] + ["中午", "半夜"],
        "duration": [f"{n}{u}" for n in "一 两 三 五 十 十五 二十 三十 四十五".split() for u in ("分钟", "秒钟", "个小时")] + ["半小时", "半个钟头"],
        "song": ["月亮代表我的心", "小幸运", "晴天", "夜曲", "茉莉花", "海阔天空", "后来", "平凡之路", "稻香", "甜蜜蜜", "春天里", "童年", "朋友", "小苹果", "青花瓷"],
        "city": ["北京", "上海", "深圳", "广州", "伦敦", "巴黎", "成都", "杭州", "西安", "东京", "南京", "武汉", "柏林", "重庆", "纽约"],
        "date": ["今天", "明天", "后天", "周一", "星期五", "这个周末", "下周", "今晚", "周日", "大后天"],
        "contact": ["妈妈", "爸爸", "王伟", "李医生", "姐姐", "奶奶", "张经理", "小明", "公司", "刘老师", "叔叔", "陈静", "老板", "外婆"],
        "text": ["我要迟到了", "饭做好了", "一会儿见", "我在路上", "生日快乐", "会议结束了", "请回电话", "我爱你", "买点牛奶", "我们到家了"],
        "place": ["火车站", "机场", "药店", "家", "公司", "博物馆", "加油站", "医院", "超市", "中央公园", "好吃的餐厅", "图书馆"],
        "app": ["地图", "日历", "相机", "邮件", "浏览器", "设置", "备忘录", "计算器", "相册", "音乐", "通讯录", "时钟"],
        "room": ["厨房", "卧室", "客厅", "浴室", "书房", "车库", "走廊", "花园"],
        "switch": ["打开", "关闭", "关掉"],
        "level": ["百分之十", "百分之五十", "三十", "最大", "一半", "百分之八十", "二十", "最小", "六十"],
    },
}
# What a speech recogniser confuses.
SOUNDS_LIKE = {
    "en": {"for": "four", "to": "two", "weather": "whether", "call": "cold", "play": "pray", "alarm": "a lamb", "wake": "wait", "lights": "likes", "light": "like", "timer": "time her", "text": "tax", "write": "right",
           "message": "massage", "rain": "reign", "photo": "for two", "set": "said", "open": "oh pen", "launch": "lunch", "take": "cake", "four": "for", "eight": "ate", "two": "too", "in": "and", "the": "a", "ring": "wring", "volume": "all you", "will": "wheel", "hear": "here", "off": "of"},
    "zh": {"闹钟": "脑中", "播放": "波放", "天气": "天汽", "打开": "大开", "导航": "倒航", "音量": "因量", "电话": "点话", "照": "赵", "起床": "起窗", "定时": "定是", "灯": "等", "关": "观", "提醒": "体型", "相机": "香鸡", "消息": "小溪",
           "发": "法", "音": "因", "十": "是", "四": "是", "在": "再", "的": "得", "听": "停", "启动": "起动", "呼叫": "胡叫", "倒计时": "到计时", "怎么": "怎吗", "带": "戴", "声音": "生音", "短信": "断信"},
}
FILLERS = {"en": ["um", "uh", "well", "hey", "like", "you know", "okay"], "zh": ["呃", "那个", "嗯", "就是", "喂", "啊"]}


def words_of(language, text):
    return text.split() if language == "en" else list(text)


def utterance(rng, language, noise):
    """Units (English words or Chinese characters) with a tag each, and the intent."""
    intent = rng.choice(INTENTS)
    pieces = re.split(r"(\{\w+\})", rng.choice(TEMPLATES[language][intent]))
    units = []
    for piece in pieces:
        if piece.startswith("{"):
            slot = piece[1:-1]
            value = words_of(language, rng.choice(VALUES[language][slot]))
            units += [(word, ("B-" if at == 0 else "I-") + slot) for at, word in enumerate(value)]
        else:
            units += [(word, "O") for word in words_of(language, piece)]
    return mishear(rng, language, units, noise), intent


def mishear(rng, language, units, noise):
    heard, at = [], 0
    while at < len(units):
        word, tag = units[at]
        pair = word + units[at + 1][0] if language == "zh" and at + 1 < len(units) else ""
        if pair in SOUNDS_LIKE[language] and rng.random() < noise:
            heard += [(c, units[at + i][1]) for i, c in enumerate(SOUNDS_LIKE[language][pair])]
            at += 2
            continue
        if rng.random() < noise * 0.45:
            heard += [(filler, "O") for filler in words_of(language, rng.choice(FILLERS[language]))] if not tag.startswith("I") else []
        if word in SOUNDS_LIKE[language] and rng.random() < noise * 0.8:
            other = words_of(language, SOUNDS_LIKE[language][word])
            heard += [(w, tag if i == 0 or tag == "O" else "I-" + tag[2:]) for i, w in enumerate(other)]
        elif tag != "O" or len(units) < 3 or rng.random() >= noise * 0.6:
            heard.append((word, tag))
        at += 1
    return heard


class WordPiece:
    """The words of the training text whole, other words from letters; the same as vocab.txt says to any BERT tokenizer."""

    def __init__(self, corpus):
        words = sorted({piece for units in corpus for word, _ in units for piece in self.split(word)})
        letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789'")
        rest = [w for w in words if w not in letters]
        self.vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + letters + ["##" + c for c in letters] + rest
        self.ids = {word: index for index, word in enumerate(self.vocab)}

    @staticmethod
    def split(word):
        """As BERT: Chinese characters and punctuation each stand alone."""
        return re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+|[^\w\s]", word.lower())

    def pieces(self, word):
        found = []
        for part in self.split(word):
            if part in self.ids:
                found.append(self.ids[part])
                continue
            at, own = 0, []
            while at < len(part):
                end = len(part)
                while end > at and ("##" if at else "") + part[at:end] not in self.ids:
                    end -= 1
                if end == at:
                    own = [1]
                    break
                own.append(self.ids[("##" if at else "") + part[at:end]])
                at = end
            found += own
        return found

    def encode(self, units):
        ids, tags = [2], [-100]
        for word, tag in units:
            for at, piece in enumerate(self.pieces(word)):
                ids.append(piece)
                tags.append(TAGS.index(tag if at == 0 or tag == "O" else "I-" + tag[2:]))
        ids, tags = ids[:LENGTH - 1] + [3], tags[:LENGTH - 1] + [-100]
        pad = LENGTH - len(ids)
        return ids + [0] * pad, [1] * len(ids) + [0] * pad, tags + [-100] * pad

    def json(self):
        special = [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i, t in enumerate(self.vocab[:4])]
        return {
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": LENGTH, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": LENGTH}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
            "added_tokens": special,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing",
                               "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                               "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for i, t in ((2, "[CLS]"), (3, "[SEP]"))}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": self.ids},
        }


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.width = heads, width
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, bias):
        batch, length = x.shape[0], x.shape[1]
        split = lambda y: y.reshape(batch, length, self.heads, self.width // self.heads).transpose(1, 2)
        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) * (self.width // self.heads) ** -0.5
        mixed = (F.softmax(scores + bias, -1) @ split(self.value(x))).transpose(1, 2).reshape(batch, length, self.width)
        x = self.norm1(x + F.dropout(self.out(mixed), 0.1, self.training))
        return self.norm2(x + F.dropout(self.down(F.gelu(self.up(x))), 0.1, self.training))


class Understanding(nn.Module):
    """Ids and mask [batch, length] -> intent [batch, intents], slots [batch, length, tags]."""

    def __init__(self, vocabulary, layers, width, heads):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(LENGTH, width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.intent, self.slots = nn.Linear(width, len(INTENTS)), nn.Linear(width, len(TAGS))

    def forward(self, input_ids, attention_mask):
        x = self.norm(self.words(input_ids) + self.places.weight[: input_ids.shape[1]])
        bias = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, bias)
        return self.intent(x[:, 0]), self.slots(x)


def tensors(tokenizer, examples):
    rows = [(*tokenizer.encode(units), INTENTS.index(intent)) for units, intent in examples]
    return [torch.tensor([row[i] for row in rows]) for i in range(4)]


def train(model, data, steps, teacher=None):
    ids, mask, tags, intents = data
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-3, steps, pct_start=0.1)
    model.train()
    for step in range(steps):
        pick = torch.randint(len(ids), (32,))
        # Some words unknown: at run time there will be words that never came up.
        seen = torch.where((torch.rand(32, LENGTH) < 0.04) & (ids[pick] > 3), torch.ones(()).long(), ids[pick])
        intent, slots = model(seen, mask[pick])
        loss = F.cross_entropy(intent, intents[pick]) + F.cross_entropy(slots.transpose(1, 2), tags[pick], ignore_index=-100)
        if teacher is not None:
            with torch.no_grad():
                want_intent, want_slots = teacher(seen, mask[pick])
            heat = 2.0
            soft = lambda a, b: F.kl_div(F.log_softmax(a / heat, -1), F.softmax(b / heat, -1), reduction="none").sum(-1) * heat * heat
            live = mask[pick].float()
            loss = 0.3 * loss + soft(intent, want_intent).mean() + (soft(slots, want_slots) * live).sum() / live.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 3), flush=True)
    model.eval()


def accuracy(model, data):
    ids, mask, tags, intents = data
    with torch.no_grad():
        intent, slots = model(ids, mask)
    known = tags != -100
    return (intent.argmax(1) == intents).float().mean().item(), (slots.argmax(2) == tags)[known].float().mean().item()


def export(model, path):
    ids = torch.ones(1, LENGTH, dtype=torch.long)
    torch.onnx.export(model, (ids, ids), path, opset_version=17, input_names=["input_ids", "attention_mask"], output_names=["intent", "slots"],
                      dynamic_axes={name: {0: "batch"} for name in ("input_ids", "attention_mask", "intent", "slots")})


def main():
    out = sys.argv[1]
    teacher_steps = int(sys.argv[2]) if len(sys.argv) > 2 else 900
    student_steps = int(sys.argv[3]) if len(sys.argv) > 3 else 1100
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = random.Random(1)
    training = [utterance(rng, rng.choice(["en", "zh"]), rng.choice([0.0, 0.15, 0.3])) for _ in range(16000)]
    tokenizer = WordPiece([units for units, _ in training])
    seen = {tuple(w for w, _ in units) for units, _ in training}
    test_rng = random.Random(99)
    test = []
    while len(test) < 1000:
        language = test_rng.choice(["en", "zh"])
        units, intent = utterance(test_rng, language, 0.3)
        if units and tuple(w for w, _ in units) not in seen:
            test.append((units, intent, language))
    data, test_data = tensors(tokenizer, training), tensors(tokenizer, [(u, i) for u, i, _ in test])
    print("vocabulary", len(tokenizer.vocab), flush=True)
    os.makedirs(out, exist_ok=True)
    teacher = Understanding(len(tokenizer.vocab), 4, 128, 4)
    train(teacher, data, teacher_steps)
    print("teacher", accuracy(teacher, test_data), flush=True)
    export(teacher, f"{out}/teacher.onnx")
    student = Understanding(len(tokenizer.vocab), 2, 96, 4)
    train(student, data, student_steps, teacher)
    print("student", accuracy(student, test_data), flush=True)
    export(student, f"{out}/student.onnx")
    with open(f"{out}/tokenizer.json", "w") as file:
        json.dump(tokenizer.json(), file, ensure_ascii=False, indent=0)
    with open(f"{out}/vocab.txt", "w") as file:
        file.write("\n".join(tokenizer.vocab) + "\n")
    with open(f"{out}/labels.json", "w") as file:
        json.dump(INTENTS, file)
    join = {"en": " ".join, "zh": "".join}
    with open(f"{out}/evaluation.jsonl", "w") as file:
        for units, intent, language in test:
            tags = [tag for _, tag in units]
            file.write(json.dumps({"text": join[language]([w for w, _ in units]), "label": intent, "language": language, "units": [w for w, _ in units], "tags": tags}, ensure_ascii=False) + "\n")
    save = lambda name, d, count: np.savez_compressed(f"{out}/{name}.npz", input_ids=d[0][:count].numpy(), attention_mask=d[1][:count].numpy(), label=d[3][:count].numpy(), slots=d[2][:count].numpy())
    save("evaluation", test_data, 1000)
    save("calibration", data, 128)


if __name__ == "__main__":
    main()
