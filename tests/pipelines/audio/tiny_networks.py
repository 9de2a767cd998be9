"""Folders of SpeechT5, CSM and Dia with the real classes at tiny random configurations: same files, same loading path."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LETTERS = ("<s>", "<pad>", "</s>", "<unk>", "\u2581", *"etaonihsrdlumcwfgypbvkxjqz.,'!?-")
_KINDS = {"<s>": 3, "<pad>": 3, "</s>": 3, "<unk>": 2}
_TEMPLATE = (
    "{% for turn in messages %}{% for part in turn['content'] %}"
    "{% if part['type'] == 'text' %}{{ '<|begin_of_text|>[' + turn['role'] + ']' + part['text'] + '<|end_of_text|>' }}"
    "{% else %}{{ '<|AUDIO|><|audio_eos|>' }}{% endif %}{% endfor %}{% endfor %}"
)


def save_letters(file: Path, letters: tuple[str, ...] = LETTERS) -> Path:
    """The list of pieces as SentencePiece writes it: text, score, type."""
    rows = []
    for letter in letters:
        text = letter.encode()
        inner = b"\x0a" + bytes([len(text)]) + text + b"\x15" + np.float32(-1.0).tobytes() + b"\x18" + bytes([_KINDS.get(letter, 1)])
        rows.append(b"\x0a" + bytes([len(inner)]) + inner)
    file.write_bytes(b"".join(rows) + b"\x12\x02\x18\x04")  # after them a message that is not read
    return file


def save_tiny_speecht5(folder: Path, speakers: tuple[str, ...] = ("slt", "bdl")) -> Path:
    import torch
    from transformers import SpeechT5Config, SpeechT5ForTextToSpeech, SpeechT5HifiGan, SpeechT5HifiGanConfig

    folder.mkdir(parents=True)
    torch.manual_seed(0)
    config = SpeechT5Config(
        vocab_size=len(LETTERS), hidden_size=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, num_mel_bins=8, speech_decoder_prenet_units=16, speech_decoder_postnet_units=16,
        speech_decoder_postnet_layers=2, speaker_embedding_dim=12, encoder_max_relative_position=20, conv_dim=(16,), conv_stride=(2,),
        conv_kernel=(2,), num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    model = SpeechT5ForTextToSpeech(config)
    model.speech_decoder_postnet.prob_out.bias.data.fill_(-4.0)  # random weights would stop at once
    model.save_pretrained(folder)
    vocoder = SpeechT5HifiGanConfig(
        model_in_dim=8, upsample_initial_channel=16, upsample_rates=[4, 4, 4, 4], upsample_kernel_sizes=[8, 8, 8, 8],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], initializer_range=0.3,
    )  # fmt: skip
    SpeechT5HifiGan(vocoder).save_pretrained(folder / "vocoder")
    save_letters(folder / "spm_char.model")
    (folder / "speakers").mkdir()
    draw = np.random.default_rng(1)
    for name in speakers:
        np.save(folder / "speakers" / f"{name}.npy", draw.normal(size=12).astype(np.float32))
    return folder


def save_tiny_csm(folder: Path) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CsmConfig, CsmForConditionalGeneration, CsmProcessor, EncodecFeatureExtractor, PreTrainedTokenizerFast

    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|AUDIO|>", "<|audio_eos|>", "[UNK]"]
    letters = [*special, *"[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,'!?-"]
    inner = Tokenizer(models.WordLevel({letter: number for number, letter in enumerate(letters)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token=special[0], eos_token=special[1], pad_token=special[2], unk_token="[UNK]",
        additional_special_tokens=special[3:4],
    )  # fmt: skip
    hears = EncodecFeatureExtractor(feature_size=1, sampling_rate=24_000)
    CsmProcessor(hears, tokenizer, chat_template=_TEMPLATE).save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    codec = {
        "model_type": "mimi", "num_filters": 4, "codebook_size": 32, "codebook_dim": 8, "vector_quantization_hidden_dimension": 8,
        "num_quantizers": 4, "upsample_groups": 16, "sliding_window": 8, **small,
    }  # fmt: skip
    config = CsmConfig(
        num_codebooks=4, vocab_size=32, text_vocab_size=len(letters), bos_token_id=0, pad_token_id=2, audio_token_id=2,
        audio_eos_token_id=3, codebook_pad_token_id=31, codebook_eos_token_id=0, codec_config=codec,
        depth_decoder_config={"num_codebooks": 4, "vocab_size": 32, "backbone_hidden_size": 16, "max_position_embeddings": 5, **small},
        **small,
    )  # fmt: skip
    torch.manual_seed(0)
    model = CsmForConditionalGeneration(config)
    for name, buffer in model.codec_model.named_buffers():
        if name.endswith("embed_sum"):
            buffer.normal_()  # a fresh codec has empty code books, and every code would sound the same
    model.generation_config.do_sample = True
    model.depth_decoder.generation_config.do_sample = True
    model.save_pretrained(folder)
    return folder


def save_tiny_dia(folder: Path) -> Path:
    import torch
    from transformers import DacConfig, DacModel, DiaConfig, DiaFeatureExtractor, DiaForConditionalGeneration, DiaTokenizer
    from transformers.models.dia.configuration_dia import DiaDecoderConfig, DiaEncoderConfig

    torch.manual_seed(0)
    codec = DacConfig(encoder_hidden_size=4, decoder_hidden_size=32, codebook_dim=2, sampling_rate=44_100)
    DacModel(codec).save_pretrained(folder / "codec")
    DiaTokenizer().save_pretrained(folder)
    DiaFeatureExtractor(sampling_rate=44_100, hop_length=512).save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    decoder = DiaDecoderConfig(
        head_dim=8, cross_num_attention_heads=2, cross_head_dim=8, cross_num_key_value_heads=2, cross_hidden_size=16, **small
    )
    config = DiaConfig(encoder_config=DiaEncoderConfig(head_dim=8, **small), decoder_config=decoder)
    model = DiaForConditionalGeneration(config)
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    return folder
