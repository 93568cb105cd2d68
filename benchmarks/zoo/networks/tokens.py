"""Transformers and mixers, of vit-pytorch, x-transformers and packages of one architecture each."""

from typing import Any

from torch import nn

from benchmarks.zoo.network import Call, Network, Tokens, network

_SMALL = {"num_classes": 10, "dim": 32, "depth": 2, "heads": 4, "mlp_dim": 64}
_IMAGE = {"image_size": 32, "patch_size": 8}
_TEXT = Tokens((16,), 50)

_VIT_PYTORCH = [
    network("vit_pytorch:ViT", (3, 32, 32), **_IMAGE, **_SMALL),
    network("vit_pytorch:SimpleViT", (3, 32, 32), **_IMAGE, **_SMALL),
    network("vit_pytorch.deepvit:DeepViT", (3, 32, 32), **_IMAGE, **_SMALL),
    network("vit_pytorch.cait:CaiT", (3, 32, 32), **_IMAGE, **_SMALL, cls_depth=1),
    network("vit_pytorch.cct:CCT", (3, 32, 32), img_size=32, embedding_dim=32, num_layers=2, num_heads=4, mlp_ratio=2,
            num_classes=10, kernel_size=3, n_conv_layers=1, positional_embedding="learnable"),
    network("vit_pytorch.t2t:T2TViT", (3, 32, 32), image_size=32, dim=32, depth=2, heads=4, mlp_dim=64, num_classes=10,
            t2t_layers=((3, 2), (3, 2))),
    network("vit_pytorch.cross_vit:CrossViT", (3, 32, 32), image_size=32, num_classes=10, sm_dim=16, lg_dim=32,
            depth=1, sm_patch_size=8, sm_enc_depth=1, sm_enc_heads=2, sm_enc_mlp_dim=32, lg_patch_size=16,
            lg_enc_depth=1, lg_enc_heads=2, lg_enc_mlp_dim=32, cross_attn_depth=1, cross_attn_heads=2),
    network("vit_pytorch.pit:PiT", (3, 32, 32), image_size=32, patch_size=4, dim=16, num_classes=10, depth=(1, 1),
            heads=2, mlp_dim=32),
    network("vit_pytorch.levit:LeViT", (3, 64, 64), image_size=64, num_classes=10, stages=2, dim=(16, 32), depth=1,
            heads=(2, 4), mlp_mult=2),
    network("vit_pytorch.cvt:CvT", (3, 32, 32), num_classes=10, s1_emb_dim=16, s2_emb_dim=16, s2_heads=2,
            s3_emb_dim=16, s3_heads=2, s3_depth=1),
    network("vit_pytorch.twins_svt:TwinsSVT", (3, 64, 64), num_classes=10, s1_emb_dim=16, s1_patch_size=4,
            s1_local_patch_size=4, s1_global_k=4, s1_depth=1, s2_emb_dim=16, s2_patch_size=2, s2_local_patch_size=4,
            s2_global_k=4, s2_depth=1, s3_emb_dim=16, s3_patch_size=2, s3_local_patch_size=4, s3_global_k=4,
            s3_depth=1, s4_emb_dim=16, s4_patch_size=2, s4_local_patch_size=2, s4_global_k=2, s4_depth=1),
    network("vit_pytorch.scalable_vit:ScalableViT", (3, 64, 64), num_classes=10, dim=16, heads=(1, 2), depth=(1, 1),
            ssa_dim_key=(8, 8), reduction_factor=(2, 1), window_size=(8, None)),
    network("vit_pytorch.sep_vit:SepViT", (3, 56, 56), num_classes=10, dim=16, dim_head=8, heads=(1, 2),
            depth=(1, 1), window_size=7),
    network("vit_pytorch.max_vit:MaxViT", (3, 64, 64), num_classes=10, dim=16, dim_head=8, depth=(1, 1),
            window_size=4, dim_conv_stem=16),
    network("vit_pytorch.nest:NesT", (3, 32, 32), image_size=32, patch_size=4, dim=16, heads=2, num_hierarchies=2,
            block_repeats=(1, 1), num_classes=10),
    network("vit_pytorch.mobile_vit:MobileViT", (3, 64, 64), image_size=(64, 64), dims=[16, 24, 32],
            channels=[8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 32], num_classes=10),
    network("vit_pytorch.xcit:XCiT", (3, 32, 32), **_IMAGE, **_SMALL, cls_depth=1),
    network("vit_pytorch.vit_for_small_dataset:ViT", (3, 32, 32), **_IMAGE, **_SMALL, label="small data"),
    network("vit_pytorch.parallel_vit:ViT", (3, 32, 32), **_IMAGE, **_SMALL, label="parallel"),
    network("vit_pytorch.rvt:RvT", (3, 32, 32), **_IMAGE, **_SMALL),
    network("vit_pytorch.vivit:ViViT", (3, 4, 32, 32), image_size=32, image_patch_size=8, num_classes=10,
            dim=32, heads=4, mlp_dim=64, frames=4,
            frame_patch_size=2, spatial_depth=1, temporal_depth=1),
    network("vit_pytorch.vit_1d:ViT", (3, 64), seq_len=64, patch_size=8, **_SMALL, label="sequence"),
    network("vit_pytorch.vit_3d:ViT", (3, 4, 32, 32), image_size=32, image_patch_size=8, **_SMALL,
            frames=4, frame_patch_size=2, label="3D"),
    network("vit_pytorch.simple_vit_with_register_tokens:SimpleViT", (3, 32, 32), **_IMAGE, **_SMALL,
            label="register tokens"),
    network("vit_pytorch.simple_vit_with_qk_norm:SimpleViT", (3, 32, 32), **_IMAGE, **_SMALL, label="normalised keys"),
    network("vit_pytorch.simple_vit_with_value_residual:SimpleViT", (3, 32, 32), **_IMAGE, **_SMALL,
            label="value residual"),
    network("vit_pytorch.vit_with_patch_merger:ViT", (3, 32, 32), **_IMAGE, **_SMALL, patch_merge_layer=1,
            patch_merge_num_tokens=4, label="patch merger"),
    network("vit_pytorch.simple_vit_with_fft:SimpleViT", (3, 32, 32), **_IMAGE, **_SMALL, freq_patch_size=8,
            label="Fourier"),
    network("vit_pytorch.simple_uvit:SimpleUViT", (3, 32, 32), **_IMAGE, num_classes=10, dim=32, depth=2, heads=4,
            mlp_dim=64, dim_head=8),
    network("vit_pytorch.regionvit:RegionViT", (3, 56, 56), dim=(8, 8, 8, 8), depth=(1, 1, 1, 1), window_size=7,
            num_classes=10, tokenize_local_3_conv=False, use_peg=False),
]  # fmt: skip


_WIDTH = {"dim": 32, "depth": 2, "heads": 4}


def _x_transformer(label: str, layers: str = "Encoder", **settings: Any) -> Network:
    return network(
        "x_transformers:TransformerWrapper",
        _TEXT,
        label=label,
        num_tokens=50,
        max_seq_len=16,
        attn_layers=network(f"x_transformers:{layers}", **_WIDTH, **settings),
    )


_X_TRANSFORMERS = [
    _x_transformer("encoder"),
    _x_transformer("decoder", "Decoder"),
    _x_transformer("rotary", "Decoder", rotary_pos_emb=True, use_rmsnorm=True, ff_swish=True, ff_glu=True),
    _x_transformer("alibi", "Decoder", alibi_pos_bias=True, alibi_num_heads=2),
    _x_transformer("relative positions", rel_pos_bias=True),
    _x_transformer("talking heads", attn_pre_talking_heads=True, attn_post_talking_heads=True),
    _x_transformer("gated values", attn_gate_values=True, attn_qk_norm=True),
    _x_transformer("squared ReLU", ff_relu_squared=True, use_scalenorm=True),
    _x_transformer("fused", "Decoder", attn_flash=True),
    network("x_transformers:ViTransformerWrapper", (3, 32, 32), image_size=32, patch_size=8, num_classes=10,
            attn_layers=network("x_transformers:Encoder", **_WIDTH)),
    network("x_transformers:ContinuousTransformerWrapper", (16, 8), dim_in=8, dim_out=4, max_seq_len=16,
            attn_layers=network("x_transformers:Encoder", **_WIDTH)),
]  # fmt: skip

_ONE_EACH = [
    network("mlp_mixer_pytorch:MLPMixer", (3, 32, 32), image_size=32, channels=3, patch_size=8, dim=32, depth=2,
            num_classes=10),
    network("g_mlp_pytorch:gMLPVision", (3, 32, 32), image_size=32, patch_size=8, num_classes=10, dim=32, depth=2),
    network("g_mlp_pytorch:gMLP", _TEXT, num_tokens=50, dim=32, depth=2, seq_len=16, causal=True),
    network("res_mlp_pytorch:ResMLP", (3, 32, 32), image_size=32, patch_size=8, dim=32, depth=2, num_classes=10),
    network("linformer:Linformer", (16, 32), dim=32, seq_len=16, depth=2, heads=4, k=8),
    network("linformer:LinformerLM", _TEXT, num_tokens=50, dim=32, seq_len=16, depth=1, heads=4, k=8),
    network("performer_pytorch:Performer", (16, 32), dim=32, depth=1, heads=4, dim_head=8),
    network("perceiver_pytorch:Perceiver", (16, 16, 3), input_channels=3, input_axis=2, num_freq_bands=2, max_freq=4.0,
            depth=1, num_latents=8, latent_dim=16, cross_heads=1, latent_heads=2, cross_dim_head=8, latent_dim_head=8,
            num_classes=10),
    network("axial_attention:AxialAttention", (16, 8, 8), dim=16, dim_index=1, heads=4, num_dimensions=2),
    network("nystrom_attention:Nystromformer", (16, 32), dim=32, depth=1, heads=4, dim_head=8, num_landmarks=4),
    network("local_attention:LocalTransformer", _TEXT, num_tokens=50, dim=32, depth=2, max_seq_len=16,
            local_attn_window_size=8, heads=4, dim_head=8),
    network("linear_attention_transformer:LinearAttentionTransformerLM", _TEXT, num_tokens=50, dim=32, heads=4, depth=1,
            max_seq_len=16),
    network("conformer:Conformer", (16, 32), dim=32, depth=1, dim_head=8, heads=4, ff_mult=2, conv_kernel_size=7),
    network("rtdl_revisiting_models:MLP", (8,), d_in=8, d_out=2, n_blocks=2, d_block=32, dropout=0.1),
    network("rtdl_revisiting_models:ResNet", (8,), d_in=8, d_out=2, n_blocks=2, d_block=32, d_hidden=None,
            d_hidden_multiplier=2.0, dropout1=0.1, dropout2=0.0),
    network("rtdl_revisiting_models:FTTransformer", (8,), n_cont_features=8, cat_cardinalities=[], d_out=2, n_blocks=1,
            d_block=32, attention_n_heads=4, attention_dropout=0.1, ffn_d_hidden=None, ffn_d_hidden_multiplier=2.0,
            ffn_dropout=0.1, residual_dropout=0.0, wrap=lambda net: Call(net, "x_cont", x_cat=None)),
    network("tab_transformer_pytorch:TabTransformer", Tokens((3,), 4), (5,), categories=(5, 5, 5), num_continuous=5,
            dim=16, dim_out=1, depth=2, heads=4, mlp_act=nn.ReLU()),
    network("tab_transformer_pytorch:FTTransformer", Tokens((3,), 4), (5,), categories=(5, 5, 5), num_continuous=5,
            dim=16, dim_out=1, depth=2, heads=4, label="ft"),
    network("halonet_pytorch:HaloAttention", (16, 8, 8), dim=16, block_size=4, halo_size=2, dim_head=8, heads=2),
    network("lambda_networks:LambdaLayer", (16, 8, 8), dim=16, dim_out=16, r=5, dim_k=8, heads=4),
    network("bottleneck_transformer_pytorch:BottleStack", (16, 8, 8), dim=16, fmap_size=8, dim_out=32,
            proj_factor=4, downsample=True, heads=2, dim_head=8, num_layers=1),
    network("siren_pytorch:SirenNet", (2,), dim_in=2, dim_hidden=32, dim_out=3, num_layers=3),
    network("open_clip.transformer:VisionTransformer", (3, 32, 32), image_size=32, patch_size=8, width=32, layers=2,
            heads=4, mlp_ratio=2.0, output_dim=16),
    network("segment_anything.modeling.image_encoder:ImageEncoderViT", (3, 64, 64), img_size=64, patch_size=16,
            embed_dim=32, depth=2, num_heads=2, mlp_ratio=2.0, out_chans=16, use_rel_pos=True, window_size=3,
            global_attn_indexes=(1,)),
]  # fmt: skip

NETWORKS = [*_VIT_PYTORCH, *_X_TRANSFORMERS, *_ONE_EACH]
